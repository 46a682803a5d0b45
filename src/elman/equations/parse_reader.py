"""A reader of tokens: what every rule of the grammar does with them."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import NoReturn, TypeVar

from elman.equations.parse_tokens import Text, Token

KEYWORDS = frozenset(keyword.kwlist)
LONGEST_NAME = 60
MOST_DIGITS = 40
Item = TypeVar("Item")


class Reader:
    """Stands at a token of a text, and passes it or refuses it."""

    def __init__(self, text: Text):
        self.text: Text = text
        self.tokens: list[Token] = text.tokens
        self.at: int = 0
        self.depth: int = 0
        self.known: set[str] = set()

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        """Pass the token; the end of the text stays."""
        found = self.token
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return found

    def takes(self, kind: str, text: str) -> bool:
        """Pass the token if it is this one."""
        if (self.token.kind, self.token.text) != (kind, text):
            return False
        self.next()
        return True

    def expect(self, sign: str, what: str) -> Token:
        """Pass a sign that must be here."""
        if self.token.kind != "sign" or self.token.text != sign:
            self.refuse(f"expected {what}, {sign}, {self.came()}")
        return self.next()

    def refuse(self, reason: str) -> NoReturn:
        """Raise at the token."""
        self.text.refuse(reason, self.token.place)

    def came(self) -> str:
        return "and the line ends" if self.token.kind in ("line", "end") else f"and {self.token.text} came"

    def skip_lines(self) -> None:
        while self.token.kind == "line":
            self.next()

    def end_of_line(self) -> None:
        if self.token.kind not in ("line", "end"):
            hint = (
                "; a product is written a * b, with a matrix p.W @ x" if self.token.kind in ("name", "number") else ""
            )
            self.refuse(f"expected the end of the equation, {self.came()}{hint}")

    def new_name(self, what: str) -> str:
        """Pass a name that is no word of Python and has no underscore in front."""
        token = self.token
        if token.kind != "name":
            self.refuse(f"{what}; {self.came().removeprefix('and ')}")
        if token.text in KEYWORDS:
            self.refuse(f"{token.text} is a word of Python and cannot be a name")
        if token.text.startswith("_"):
            self.refuse(f"a name begins with a letter, not with an underscore as {token.text}")
        if len(token.text) > LONGEST_NAME:
            self.refuse(f"this name has {len(token.text)} letters; expected at most {LONGEST_NAME}")
        return self.next().text

    def as_number(self, token: Token) -> float | int:
        """A number as it is written; a whole one as an int, as long as every float counts so far."""
        if len(token.text) > MOST_DIGITS:
            self.text.refuse(f"this number has more than {MOST_DIGITS} digits", token.place)
        value = float(token.text)
        return int(value) if token.text.isdigit() and value <= 2**53 else value

    def number(self) -> float:
        """Pass a number with or without a sign."""
        sign = -1.0 if self.takes("sign", "-") else 1.0
        token = self.token
        if token.kind != "number":
            self.refuse(f"expected a number, {self.came()}")
        return sign * float(self.as_number(self.next()))

    def separated(self, item: Callable[[], Item], closing: str) -> list[Item]:
        """Items between commas up to a closing sign, which is passed."""
        found: list[Item] = []
        while not self.takes("sign", closing):
            if found:
                self.expect(",", f"a comma or the closing {closing}")
                if self.takes("sign", closing):
                    break
            found.append(item())
        return found
