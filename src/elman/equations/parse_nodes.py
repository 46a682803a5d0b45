"""What a text of equations is made of, once it is read: expressions, statements and the head of a cell."""

from __future__ import annotations

from dataclasses import dataclass

from elman.equations.parse_tokens import Place


@dataclass(frozen=True)
class Node:
    """An expression, and where it stands."""

    place: Place


@dataclass(frozen=True)
class Number(Node):
    value: float | int


@dataclass(frozen=True)
class Truth(Node):
    value: bool


@dataclass(frozen=True)
class Words(Node):
    """A text between quotation marks, which says what an input is."""

    text: str


@dataclass(frozen=True)
class Name(Node):
    name: str


@dataclass(frozen=True)
class Weight(Node):
    """``p.W``: a parameter."""

    name: str


@dataclass(frozen=True)
class Turned(Node):
    """``W.T``."""

    matrix: Node


@dataclass(frozen=True)
class Unary(Node):
    sign: str
    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call(Node):
    """A function of equations, by the name that it has here."""

    function: str
    arguments: tuple[Node, ...]
    options: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Range(Node):
    """``2:5`` within brackets; an end that is not there is None."""

    first: Node | None
    last: Node | None


@dataclass(frozen=True)
class New(Node):
    """``None`` within brackets: an axis that is not there yet."""


@dataclass(frozen=True)
class Every(Node):
    """``...`` within brackets: all axes before the others."""


@dataclass(frozen=True)
class Part(Node):
    """``x[2:5]``, ``p.E[x]``, ``v[:, None]``, ``split(x, 2)[0]``."""

    value: Node
    keys: tuple[Node, ...]


@dataclass(frozen=True)
class Several(Node):
    """``a, b``."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Numbers(Node):
    """``[[1, 0], [0, 1]]``: what a constant holds."""

    values: tuple[float | tuple[float, ...], ...]


@dataclass(frozen=True)
class Equation:
    """``z = ...`` or ``a, b = ...``; a `return` has no names."""

    names: tuple[Name, ...]
    value: Node
    place: Place

    @property
    def returns(self) -> bool:
        return not self.names


@dataclass(frozen=True)
class Said:
    """What stands behind ``@cell(``: how parameters begin and which are frozen, how many inputs and memories there are.

    `initial` and `valid` may be those of a cell of the collection, by its name.
    """

    initial: dict[str, float | str] | str
    frozen: tuple[str, ...]
    valid: str
    inputs: int
    memory: int


@dataclass(frozen=True)
class Program:
    """A cell as it is written."""

    name: str
    arguments: tuple[Name, ...]
    said: Said
    doc: str
    equations: tuple[Equation, ...]
    head: Place
