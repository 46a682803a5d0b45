"""Run: the equations of a text on symbols or on arrays, one node of it after the other, within limits."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations.parse_functions import FUNCTIONS, MOST_PARTS
from elman.equations.parse_nodes import (
    Binary,
    Call,
    Equation,
    Every,
    Name,
    New,
    Node,
    Number,
    Numbers,
    Part,
    Program,
    Range,
    Several,
    Truth,
    Turned,
    Unary,
    Weight,
    Words,
)
from elman.equations.symbols import Symbol
from elman.equations.vectors import Blocks
from elman.equations.widths import TextLine, standing_at
from elman.errors import ElmanError, TextError

MOST_VALUES = 20_000  # that one run of the equations makes
WIDEST = 2**16  # a place in a vector, a shift, a constant
LARGEST = 2.0**53  # of a whole number that is computed
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "@": operator.matmul,
    "**": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Run:
    """One run of a program.

    Attributes
    ----------
    values : dict
        What has a name, by it: arguments at first, then what the equations make.
    result : object
        What is returned.

    Raises
    ------
    TextError
        Where an equation makes no sense.
    """

    def __init__(self, program: Program, lines: list[str], p: Any, arguments: tuple[Any, ...]):
        self.lines: list[str] = lines
        self.p: Any = p
        self.made: int = 0
        names = [argument.name for argument in program.arguments]
        self.values: dict[str, Any] = dict(zip(names, arguments, strict=True))
        self.result: Any = None
        for equation in program.equations:
            with standing_at(TextLine("", equation.place.line, self._line(equation))):
                self._run(equation)

    def _line(self, node: Node | Equation) -> str:
        return self.lines[node.place.line - 1]

    def refuse(self, reason: str, node: Node | Equation) -> TextError:
        """The error at a node."""
        return TextError(reason, self._line(node), node.place.line, node.place.column, node.place.length)

    def _run(self, equation: Equation) -> None:
        value = self.value(equation.value)
        if equation.returns:
            self.result = value
        elif len(equation.names) == 1:
            if isinstance(value, tuple):
                raise self.refuse(f"one name, and {len(value)} values: write a, b = ...", equation)
            self.values[equation.names[0].name] = value
        elif not isinstance(value, tuple) or len(value) != len(equation.names):
            count = f"{len(value)} values" if isinstance(value, tuple) else "one value"
            raise self.refuse(f"{len(equation.names)} names, and {count}", equation)
        else:
            self.values |= {name.name: one for name, one in zip(equation.names, value, strict=True)}

    def value(self, node: Node) -> Any:
        """Of an expression."""
        try:
            found = _OF[type(node)](self, node)
        except TextError:
            raise
        except ElmanError as error:
            raise self.refuse(_without_line(error), node) from error
        self.count(1, node)
        return found

    def count(self, made: int, node: Node) -> None:
        """Refuse equations that make too many values."""
        self.made += made
        if self.made > MOST_VALUES:
            raise self.refuse(f"the equations make more than {MOST_VALUES:,} values at a step", node)

    # --- each kind of expression ----------------------------------------------------------------------------

    def name(self, node: Name) -> Any:
        return self.values[node.name]

    def weight(self, node: Weight) -> Any:
        return getattr(self.p, node.name)

    def turned(self, node: Turned) -> Any:
        value = self.value(node.matrix)
        if not isinstance(value, Symbol | np.ndarray):
            raise self.refuse("only matrices of parameters have .T", node)
        return value.T

    def unary(self, node: Unary) -> Any:
        value = self._one(node.operand)
        return +value if node.sign == "+" else -value

    def binary(self, node: Binary) -> Any:
        """From left to right, without going deeper for each sign of a long sum."""
        signs = [node]
        while isinstance(signs[-1].left, Binary):
            signs.append(signs[-1].left)
        value = self._one(signs[-1].left)
        for one in reversed(signs):
            value = self._combined(one, value, self._one(one.right))
            self.count(1, one)
        return value

    def _combined(self, node: Binary, left: Any, right: Any) -> Any:
        if _plain(left) and _plain(right):
            return self._computed(node, left, right)
        try:
            return _SIGNS[node.sign](left, right)
        except ElmanError as error:
            raise self.refuse(_without_line(error), node) from error
        except (TypeError, ValueError) as error:
            raise self.refuse(f"{node.sign} goes between vectors and numbers: {error}", node) from error

    def _computed(self, node: Binary, left: float, right: float) -> float | int:
        """Arithmetic of two numbers, in floats, so that no number grows without end."""
        if node.sign == "@":
            raise self.refuse("@ multiplies a matrix of parameters with a vector, and two numbers came", node)
        if node.sign not in ("+", "-", "*", "/", "**"):
            raise self.refuse("two numbers are compared, which is decided already: write 1 or 0", node)
        try:
            value = _SIGNS[node.sign](float(left), float(right))
        except (ZeroDivisionError, OverflowError):
            value = math.nan
        if isinstance(value, complex) or math.isnan(value):
            raise self.refuse("this is no number", node)
        whole = isinstance(left, int) and isinstance(right, int) and node.sign != "/" and value.is_integer()
        return int(value) if whole and abs(value) <= LARGEST and (node.sign != "**" or right >= 0) else value

    def call(self, node: Call) -> Any:
        arguments = [self.value(argument) for argument in node.arguments]
        options = {name: self.value(value) for name, value in node.options}
        self._check_numbers(node, arguments, options)
        try:
            return FUNCTIONS[node.function].call(*arguments, **options)
        except (TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ElmanError):
                raise
            raise self.refuse(f"{node.function}: {error}", node) from error

    def _check_numbers(self, node: Call, arguments: list[Any], options: dict[str, Any]) -> None:
        """Limits of functions that make many values, or vectors of a width that is said; what values may be."""
        most = {"split": MOST_PARTS, "blocks": MOST_PARTS, "roll": WIDEST}.get(node.function)
        for given in (*arguments[1:], *options.values()):
            if most is not None and _plain(given) and abs(given) > most:
                raise self.refuse(f"{node.function} takes at most {most:,} here", node)
        for given in (*arguments, *options.values()):
            if isinstance(given, tuple | Blocks) or (isinstance(given, list) and node.function != "constant"):
                raise self.refuse(f"{node.function} takes vectors, each as an argument", node)
        if node.function == "constant" and not (arguments and isinstance(arguments[0], list)):
            raise self.refuse("constant takes numbers in brackets, as constant([1, 2])", node)
        bounds = (*arguments[2:], *(v for name, v in options.items() if name in ("low", "high")))
        if node.function == "within" and not all(map(_plain, bounds)):
            raise self.refuse('the bounds of what an input may be are numbers: within(x, "a share", 0, 1)', node)
        made = [int(n) for n in arguments[1:] if _plain(n)] if node.function in ("split", "blocks") else []
        self.count(sum(made), node)

    def part(self, node: Part) -> Any:
        value = self.value(node.value)
        keys = [self._key(key) for key in node.keys]
        if isinstance(value, tuple):
            return self._of_several(node, value, keys)
        if not isinstance(value, Symbol | np.ndarray):
            raise self.refuse("only vectors and parameters have parts", node)
        of_rows = isinstance(value, np.ndarray) and len(keys) == 1 and isinstance(keys[0], slice)
        return value[(..., keys[0]) if of_rows else keys[0] if len(keys) == 1 else tuple(keys)]

    def _of_several(self, node: Part, value: tuple[Any, ...], keys: list[Any]) -> Any:
        if len(keys) != 1 or not isinstance(keys[0], int) or not -len(value) <= keys[0] < len(value):
            raise self.refuse(f"of {len(value)} parts one is taken by its number, from 0 to {len(value) - 1}", node)
        return value[keys[0]]

    def _key(self, node: Node) -> Any:
        if isinstance(node, New):
            return None
        if isinstance(node, Every):
            return ...
        if isinstance(node, Range):
            return slice(self._end(node.first), self._end(node.last))
        return self._one(node)

    def _end(self, node: Node | None) -> int | None:
        if node is None:
            return None
        value = self.value(node)
        if not isinstance(value, int) or abs(value) > WIDEST:
            raise self.refuse(f"the ends of a range are whole numbers up to {WIDEST:,}", node)
        return value

    def several(self, node: Several) -> Any:
        return tuple(self._one(part) for part in node.parts)

    def numbers(self, node: Numbers) -> Any:
        return [list(row) if isinstance(row, tuple) else row for row in node.values]

    def _one(self, node: Node) -> Any:
        """A value that is one vector or number."""
        value = self.value(node)
        if isinstance(value, tuple):
            raise self.refuse(f"expected one value, and {len(value)} came", node)
        if isinstance(value, list | bool):
            raise self.refuse("expected a vector or a number here", node)
        return value


def _plain(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without_line(error: ElmanError) -> str:
    """Its message without the line at its end, which the place says."""
    text, _, last = str(error).rpartition("\n  ")
    return text if text and last.startswith("line ") else str(error)


_OF: dict[type[Node], Callable[[Run, Any], Any]] = {
    Number: lambda run, node: node.value,
    Truth: lambda run, node: node.value,
    Name: Run.name,
    Weight: Run.weight,
    Turned: Run.turned,
    Unary: Run.unary,
    Binary: Run.binary,
    Call: Run.call,
    Part: Run.part,
    Several: Run.several,
    Numbers: Run.numbers,
    Words: lambda run, node: node.text,
}
