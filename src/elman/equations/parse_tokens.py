"""Tokens: a text of equations cut into names, numbers, strings and signs, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from elman.errors import TextError

MOST_CHARACTERS, MOST_LINES, MOST_TOKENS = 20_000, 500, 8_000
SIGNS = ("...", "**", "<=", ">=", "==", "!=", *"()[]{},:.=+-*/@<>")
_OPENED = {"(": ")", "[": "]", "{": "}"}
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r"'''[\s\S]*?'''|\"\"\"[\s\S]*?\"\"\"|'[^'\n]*'|\"[^\"\n]*\"")
_SPACE = re.compile(r"[ \t\r\f]+|#[^\n]*")
_REFUSED = {
    "+=": "write it out: h = h + ...",
    "-=": "write it out: h = h - ...",
    "*=": "write it out: h = h * ...",
    "/=": "write it out: h = h / ...",
    "//": "whole division does not work on vectors; write floor(a / b)",
    "%": "remainders do not work on vectors; write a - b * floor(a / b)",
    "&": "comparisons are 1 or 0: write a * b where both must hold",
    "|": "comparisons are 1 or 0: write maximum(a, b) where one must hold",
    "~": "comparisons are 1 or 0: write 1 - a for the contrary",
    "^": "a power is a ** b",
    "!": "comparisons are 1 or 0: write 1 - a for the contrary",
    ";": "write one equation a line",
    "\\": "a line goes on where a bracket is open: put the expression in brackets",
    "·": "a product is a * b, of a matrix p.W @ x",
    "×": "a product is a * b, of a matrix p.W @ x",
    "⊙": "a product value by value is a * b",
    "−": "this minus sign is another character: type -",
    "²": "a square is x ** 2",
    "ᵀ": "the transposed matrix is p.W.T",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "$": "equations are text here, no LaTeX: h = tanh(p.W @ x)",
}


@dataclass(frozen=True)
class Place:
    """Where something stands in a text: line and column, counted from 1, and how long it is on that line."""

    line: int
    column: int
    length: int = 1

    def to(self, end: Place) -> Place:
        """From here to the end of another place; to the end of this line if that lies on a later one."""
        return Place(self.line, self.column, end.column + end.length - self.column if end.line == self.line else 999)


@dataclass(frozen=True)
class Token:
    """A piece of a text; `kind` is ``name``, ``number``, ``string``, ``sign``, ``line`` (an end of one) or ``end``."""

    kind: str
    text: str
    place: Place


class Text:
    """A text, its lines and its tokens.

    Raises
    ------
    TextError
        If it is too long, or holds what is no token.
    """

    def __init__(self, text: str):
        self.lines: list[str] = text.split("\n")
        if len(text) > MOST_CHARACTERS or len(self.lines) > MOST_LINES:
            self.refuse(
                f"the text has {len(text):,} characters on {len(self.lines):,} lines; expected at most "
                f"{MOST_CHARACTERS:,} on {MOST_LINES:,}",
                Place(1, 1),
            )
        self.tokens: list[Token] = _Cutter(self, text).tokens

    def refuse(self, reason: str, place: Place) -> NoReturn:
        """Raise a `TextError` at a place."""
        source = self.lines[place.line - 1].rstrip("\r") if place.line <= len(self.lines) else ""
        raise TextError(reason, source, place.line, place.column, place.length)


class _Cutter:
    """Goes through a text once."""

    def __init__(self, text: Text, source: str):
        self.text: Text = text
        self.source: str = source
        self.at, self.line, self.begun = 0, 1, 0  # where it is, on which line, and where that begins
        self.open: list[Token] = []
        self.tokens: list[Token] = []
        while self.at < len(source):
            self._next()
            if len(self.tokens) > MOST_TOKENS:
                text.refuse(f"the text has more than {MOST_TOKENS:,} names and signs", self._place(1))
        if self.open:
            text.refuse(f"this {self.open[-1].text} is not closed", self.open[-1].place)
        self._add("line", "")
        self._add("end", "")

    def _place(self, length: int) -> Place:
        return Place(self.line, self.at - self.begun + 1, length)

    def _add(self, kind: str, piece: str) -> None:
        first = piece.partition("\n")[0]
        self.tokens.append(Token(kind, piece, self._place(max(1, len(first)))))
        self._pass(piece)

    def _pass(self, piece: str) -> None:
        self.at += len(piece)
        if "\n" in piece:
            self.line += piece.count("\n")
            self.begun = self.at - len(piece) + piece.rindex("\n") + 1

    def _next(self) -> None:
        if self.source[self.at] == "\n":
            if self.open:
                self._pass("\n")
            else:
                self._add("line", "\n")
        elif found := _SPACE.match(self.source, self.at):
            self._pass(found.group())
        elif found := _NUMBER.match(self.source, self.at):
            self._number(found.group())
        elif found := _NAME.match(self.source, self.at):
            self._add("name", found.group())
        elif found := _STRING.match(self.source, self.at):
            self._add("string", found.group())
        else:
            self._sign()

    def _number(self, piece: str) -> None:
        behind = self.source[self.at + len(piece) : self.at + len(piece) + 1]
        self._add("number", piece)
        if behind.isalpha() or behind == "_":
            self.text.refuse(f"a name begins with a letter, and a product is written {piece} * ...", self._place(1))

    def _sign(self) -> None:
        for wrong, advice in _REFUSED.items():
            if self.source.startswith(wrong, self.at) and not (wrong == "!" and self.source[self.at + 1 :][:1] == "="):
                self.text.refuse(f"{wrong} is no sign of equations: {advice}", self._place(len(wrong)))
        sign = next((s for s in SIGNS if self.source.startswith(s, self.at)), None)
        if sign is None:
            self._unknown()
        self._add("sign", sign)
        if sign in _OPENED:
            self.open.append(self.tokens[-1])
        elif sign in _OPENED.values():
            self._close(self.tokens[-1])

    def _unknown(self) -> NoReturn:
        found = self.source[self.at]
        what = "this string is not closed on its line" if found in "'\"" else f"{found!r} is no sign of equations"
        self.text.refuse(what, self._place(1))

    def _close(self, token: Token) -> None:
        if not self.open:
            self.text.refuse(f"this {token.text} closes nothing", token.place)
        opened = self.open.pop()
        if _OPENED[opened.text] != token.text:
            self.text.refuse(f"this {token.text} closes the {opened.text} of line {opened.place.line}", token.place)
