"""Expressions of a text of equations: the rules of the grammar (`parse`) from several values down to a number."""

from __future__ import annotations

from typing import NoReturn

from elman.checks import nearest
from elman.equations.parse_functions import ELSEWHERE, FUNCTIONS
from elman.equations.parse_nodes import (
    Binary,
    Call,
    Every,
    Name,
    New,
    Node,
    Number,
    Numbers,
    Part,
    Range,
    Several,
    Truth,
    Turned,
    Unary,
    Weight,
    Words,
)
from elman.equations.parse_reader import KEYWORDS, Reader
from elman.equations.parse_tokens import Place, Token

LONGEST_WORDS = 120
DEEPEST = 60  # brackets and signs within one another
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
INSTEAD = {
    "if": "a choice is where(condition, a, b): equations hold for all inputs at once",
    "else": "a choice is where(condition, a, b): equations hold for all inputs at once",
    "elif": "a choice is where(condition, a, b): equations hold for all inputs at once",
    "for": "equations state one step, which runs for every step of a sequence; write its repetitions out",
    "while": "equations state one step, which runs for every step of a sequence; write its repetitions out",
    "and": "comparisons are 1 or 0: write a * b where both must hold",
    "or": "comparisons are 1 or 0: write maximum(a, b) where one must hold",
    "not": "comparisons are 1 or 0: write 1 - a for the contrary",
    "lambda": "write the expression where it is used",
    "import": "the functions of equations are there without it",
    "from": "the functions of equations are there without it",
    "def": "a text is one cell; write what a second function would do where it is used",
    "in": "values of a vector cannot be gone through one by one",
    "is": "write ==",
}


_MISPLACED = {
    True: 'there are no texts in equations, but for what within(x, "mass") says of an input',
    False: 'within says in words what an input is: within(x, "mass")',
}


class Expressions(Reader):
    """Reads expressions from left to right."""

    def several(self, what: str) -> Node:
        """Expressions between commas; one is itself."""
        first = self.expression(what)
        parts = [first]
        while self.takes("sign", ","):
            if self.token.kind in ("line", "end") or self.token.text == ")":
                break
            parts.append(self.expression("an expression behind the comma"))
        return first if len(parts) == 1 else Several(first.place.to(parts[-1].place), tuple(parts))

    def expression(self, what: str) -> Node:
        left = self.sum(what)
        if self.token.kind == "sign" and self.token.text in COMPARISONS:
            sign = self.next().text
            left = self._binary(sign, left, self.sum(f"an expression behind {sign}"))
            if self.token.text in COMPARISONS:
                self.refuse("comparisons do not chain: write (a < b) * (b < c)")
        if self.token.kind == "name" and self.token.text in INSTEAD:
            self.refuse(f"there is no `{self.token.text}` in equations: {INSTEAD[self.token.text]}")
        return left

    def sum(self, what: str) -> Node:
        left = self.product(what)
        while self.token.kind == "sign" and self.token.text in ("+", "-"):
            sign = self.next().text
            left = self._binary(sign, left, self.product(f"an expression behind {sign}"))
        return left

    def product(self, what: str) -> Node:
        left = self.signed(what)
        while self.token.kind == "sign" and self.token.text in ("*", "/", "@"):
            sign = self.next().text
            left = self._binary(sign, left, self.signed(f"an expression behind {sign}"))
        return left

    def signed(self, what: str) -> Node:
        token = self.token
        if token.kind == "sign" and token.text in ("+", "-"):
            self.next()
            self._deeper(token)
            operand = self.signed(f"an expression behind {token.text}")
            self.depth -= 1
            return Unary(token.place.to(operand.place), token.text, operand)
        return self.power(what)

    def power(self, what: str) -> Node:
        base = self.part(what)
        if self.token.text == "**" and self.token.kind == "sign":
            self._deeper(self.next())
            base = self._binary("**", base, self.signed("an expression behind **"))
            self.depth -= 1
        return base

    def _binary(self, sign: str, left: Node, right: Node) -> Binary:
        return Binary(left.place.to(right.place), sign, left, right)

    def part(self, what: str) -> Node:
        value, depth = self.atom(what), self.depth
        while self.token.kind == "sign" and self.token.text in ("[", "."):
            self._deeper(self.token)
            opened = self.next()
            if opened.text == ".":
                value = self._attribute(value)
            else:
                keys = self.separated(self.key, "]")
                value = Part(value.place.to(self.tokens[self.at - 1].place), value, tuple(keys))
        self.depth = depth
        return value

    def _attribute(self, value: Node) -> Node:
        token = self.next()
        if token.text != "T":
            self.text.refuse(
                f"a value has no .{token.text}; there is .T of a matrix, and functions as {token.text or 'tanh'}(x)",
                token.place,
            )
        return Turned(value.place.to(token.place), value)

    def key(self) -> Node:
        token = self.token
        if self.takes("name", "None"):
            return New(token.place)
        if self.takes("sign", "..."):
            return Every(token.place)
        first = None if token.text == ":" else self.expression("a place within the brackets")
        if not self.takes("sign", ":"):
            assert first is not None
            return first
        open_end = self.token.text in ("]", ",", ":")
        last = None if open_end else self.expression("where the range ends")
        if self.token.text == ":":
            self.refuse("a range takes every value: it has two ends and no step")
        return Range(token.place.to(self.tokens[self.at - 1].place), first, last)

    def atom(self, what: str) -> Node:
        token = self.token
        if token.kind == "number":
            return Number(self.next().place, self.as_number(token))
        if token.kind == "name":
            return self.named(what)
        if token.kind == "sign" and token.text == "(":
            return self._bracketed()
        if token.kind == "sign" and token.text == "[":
            return self._numbers()
        return self._nothing(what)

    def _nothing(self, what: str) -> NoReturn:
        """Refuse what begins no expression."""
        if self.token.kind == "string":
            self.refuse("there are no texts in equations")
        self.refuse(f"expected {what}, {self.came()}")

    def _bracketed(self) -> Node:
        opened = self.next()
        self._deeper(opened)
        value = self.several("an expression within the brackets")
        self.depth -= 1
        closed = self.expect(")", "the closing bracket")
        if isinstance(value, Several):
            return Several(opened.place.to(closed.place), value.parts)
        return value

    def named(self, what: str) -> Node:
        token = self.next()
        if token.text == "el" and self.token.text == ".":
            self.next()
            token = self.next()
            if token.kind != "name" or token.text not in FUNCTIONS:
                self.text.refuse(self.no_function(token.text), token.place)
        if token.text == "p" and self.token.text == ".":
            self.next()
            return self._weight(token)
        if token.text in ("True", "False"):
            return Truth(token.place, token.text == "True")
        if token.text in KEYWORDS:
            advice = INSTEAD.get(token.text)
            self.text.refuse(
                f"there is no `{token.text}` in equations: {advice}"
                if advice
                else f"expected {what}, and {token.text} came",
                token.place,
            )
        if self.token.text == "(" and self.token.kind == "sign":
            return self._call(token)
        return self._value(token)

    def _weight(self, p: Token) -> Weight:
        place = self.token.place
        name = self.new_name("a parameter has a name: p.W")
        return Weight(p.place.to(place), name)

    def _value(self, token: Token) -> Name:
        if token.text == "p":
            self.text.refuse("p stands for the parameters; one of them is p.W", token.place)
        if token.text in self.known:
            return Name(token.place, token.text)
        if token.text in FUNCTIONS:
            self.text.refuse(f"{token.text} is a function: {token.text}(x)", token.place)
        return self._unknown(token)

    def _unknown(self, token: Token) -> NoReturn:
        if self.token.text == ".":
            self.next()
            name = self.token.text
            if name in FUNCTIONS or name in ELSEWHERE:
                self.text.refuse(f"functions stand by themselves here: {name}, not {token.text}.{name}", token.place)
        hint = nearest(token.text, sorted(self.known - {"p"}))
        self.text.refuse(
            f"{token.text} is no argument and no value of an equation above{hint}; a parameter is written "
            f"p.{token.text}",
            token.place,
        )

    def no_function(self, name: str) -> str:
        if name in ELSEWHERE:
            return f"there is no function {name}; write {ELSEWHERE[name]}"
        if name in self.known:
            return f"{name} is a value, not a function; a product is written {name} * (...)"
        hint = nearest(name, list(FUNCTIONS))
        return f"there is no function {name}{hint or '; there are ' + ', '.join(FUNCTIONS)}"

    def _call(self, token: Token) -> Call:
        if token.text in self.known or token.text not in FUNCTIONS:
            self.text.refuse(self.no_function(token.text), token.place)
        self._deeper(self.next())
        options: list[tuple[str, Node]] = []
        arguments: list[Node] = []
        for name, value in self.separated(self.argument, ")"):
            if name:
                options.append((name, value))
            elif options:
                self.text.refuse("this stands behind an argument with a name: put it before", value.place)
            else:
                arguments.append(value)
        self.depth -= 1
        place = token.place.to(self.tokens[self.at - 1].place)
        self._check_call(token, arguments, options, place)
        return Call(place, token.text, tuple(arguments), tuple(options))

    def argument(self) -> tuple[str, Node]:
        token = self.token
        if token.kind == "name" and self.tokens[self.at + 1].text == "=":
            self.next()
            self.next()
            return token.text, self._words() or self.expression(f"a value for {token.text}")
        return "", self._words() or self.expression("an argument")

    def _words(self) -> Words | None:
        """A text, if one comes."""
        token = self.token
        if token.kind != "string":
            return None
        if token.text[:3] in ("'''", '"""') or len(token.text) > LONGEST_WORDS:
            self.refuse(f"what an input is said to be stands on one line of at most {LONGEST_WORDS} characters")
        return Words(self.next().place, token.text[1:-1])

    def _check_call(self, token: Token, arguments: list[Node], options: list[tuple[str, Node]], place: Place) -> None:
        function, said = FUNCTIONS[token.text], [name for name, _ in options]
        for name, value in options:
            if name not in function.names:
                known = ", ".join(function.names) or "no arguments with names"
                self.text.refuse(f"{token.text} has no argument {name!r}; it has {known}", value.place)
        taken = [*function.names[: len(arguments)], *said]
        self._check_words(token, {**dict(enumerate(arguments)), **dict(options)})
        if len(set(taken)) < len(taken):
            self.text.refuse(f"an argument of {token.text} is given twice", place)
        missing = [name for name in function.names[: function.needed] if name not in taken]
        if missing or not function.needed <= len(arguments) + len(options) or len(arguments) > function.most:
            takes = ", ".join(function.names) or "one argument or more"
            self.text.refuse(
                f"{token.text} takes {function.needed or 1}"
                + (f" to {len(function.names)}" if len(function.names) > function.needed else "")
                + f" argument{'s' * (len(function.names) != 1)} ({takes}), and {len(arguments) + len(options)} came",
                place,
            )

    def _check_words(self, token: Token, given: dict[int | str, Node]) -> None:
        """Of all arguments of functions only one is a text."""
        for name, value in given.items():
            if isinstance(value, Words) != (token.text == "within" and name in (1, "what")):
                self.text.refuse(_MISPLACED[isinstance(value, Words)], value.place)

    def _numbers(self) -> Node:
        """``[1, 2]`` or ``[[1, 2], [3, 4]]``."""
        opened = self.next()
        rows = self.separated(self._row, "]")
        place = opened.place.to(self.tokens[self.at - 1].place)
        nested = [isinstance(row, tuple) for row in rows]
        if not rows or any(nested) != all(nested) or len({len(r) for r in rows if isinstance(r, tuple)}) > 1:
            self.text.refuse("a constant is [1, 2, ...] or rows of one length, [[1, 2], [3, 4]]", place)
        return Numbers(place, tuple(rows))

    def _row(self) -> float | tuple[float, ...]:
        if not self.takes("sign", "["):
            return self.number()
        return tuple(self.separated(self.number, "]"))

    def _deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self.text.refuse(
                f"brackets and signs within one another are more than {DEEPEST} deep; give parts names", token.place
            )
