"""What the collection says of a cell: figures of its graph, and its docstring in parts."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from elman.equations import Cell, Graph
from elman.equations.ops import row_of
from elman.equations.symbols import Symbol, width
from elman.errors import OptionError, ShapeError

FEATURES = UNITS = 64
SORTS = ("year", "name", "states", "parameters", "multiply-adds")
_ADVICE = re.compile(r"(For|Where|Choose|Made for)\b")
_SENTENCE = re.compile(r"(?<=[^.][.:]) (?=[A-Z`])")


@dataclass(frozen=True)
class Entry:
    """A cell of the collection.

    Attributes
    ----------
    name : str
        As ``--cell`` takes it.
    year : int
        Of its reference.
    states : dict of str to int
        How many values each state has.
    inputs : tuple of str
        What it takes at each step.
    parameters : int
        Numbers in its matrices, tables and vectors, constants left out.
    trained : int
        How many of those training changes.
    multiply_adds : int
        Of the products with matrices at one step of one sequence, those of matrices that are states included. As
        everywhere in Elman, arithmetic that goes value by value does not count.
    about : str
        What it is, in a sentence.
    when : str
        When to choose it, in a sentence.
    equations : list of str
        One a line.
    latex : str
        The same as an ``aligned`` block.
    text : tuple of str
        The paragraphs between the first sentence and the reference: when to choose it, its parameters, its options,
        how they start, where public code differs.
    reference : str
        Authors, title, venue and year.
    options : dict
        What it can be told, and what it does if nothing is said.
    initial : dict
        Initial values by parameter, where they differ from the rule and are a number or the name of an initialiser. Of
        others, drawn by a function of the cell's own, `text` tells.

    Examples
    --------
    >>> import elman as el
    >>> entry = el.cells.table()[0]
    >>> entry.name, entry.year, entry.states
    ('simple', 1990, {'h': 64})
    """

    name: str
    year: int
    states: dict[str, int]
    inputs: tuple[str, ...]
    parameters: int
    trained: int
    multiply_adds: int
    about: str
    when: str
    equations: list[str]
    latex: str
    text: tuple[str, ...]
    reference: str
    options: dict[str, object]
    initial: dict[str, object]

    def plain(self) -> dict[str, object]:
        """In terms of JSON.

        Returns
        -------
        dict[str, object]
        """
        return asdict(self) | {"options": {name: _plain(value) for name, value in self.options.items()}}


def entry(name: str, cell: Cell, features: int = FEATURES, units: int = UNITS) -> Entry:
    """What there is to say of a cell with F features at each input and H units.

    Raises
    ------
    EquationError
        If it has states, and no reference with a year.
    """
    graph = bound(cell, features, units)
    sizes = {p: math.prod(graph.shape(p)) for p, symbol in graph.parameters.items() if not symbol.fixed}
    about, *text = paragraphs(cell)
    reference = text.pop().partition(": ")[2] if text and text[-1].startswith("Reference") else ""
    return Entry(
        name,
        year_of(reference, name),
        {state.name: width(state) for state in graph.states},
        cell.inputs,
        sum(sizes.values()),
        sum(size for p, size in sizes.items() if p not in cell.frozen),
        sum(map(_multiply_adds, _distinct(graph))),
        about,
        _when(text, about),
        cell.equations(),
        cell.latex(),
        tuple(text),
        reference,
        dict(cell.options),
        {key: value for key, value in cell.initial.items() if key in sizes and isinstance(value, int | float | str)},
    )


def _plain(value: object) -> object:
    """An option as JSON has it; of what it has not, a function or an array, how it is written."""
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def bound(cell: Cell, features: int, units: int) -> Graph:
    """Its graph with F features at each input; others that cannot be as wide have what its equations say."""
    traced, others = cell.trace(), len(cell.inputs) - 1
    try:
        return traced.bind([features] * (1 + others), units)
    except ShapeError:
        return traced.bind([features] + [0] * others, units)


def in_order(entries: Sequence[Entry], sort: str) -> list[Entry]:
    """Sorted by name, by year and name, or by a number and name.

    Raises
    ------
    OptionError
        If there is no such order.
    """
    if sort not in SORTS:
        raise OptionError(f"sort is {sort!r}; expected one of {', '.join(SORTS)}")
    keys = {"year": lambda e: e.year, "name": lambda e: 0, "states": lambda e: sum(e.states.values())}
    keys |= {"parameters": lambda e: e.parameters, "multiply-adds": lambda e: e.multiply_adds}
    return sorted(entries, key=lambda e: (keys[sort](e), e.name))


def paragraphs(cell: Cell) -> list[str]:
    """Of its docstring, a line each."""
    return [" ".join(each.split()) for each in (inspect.getdoc(cell.function) or "").split("\n\n")]


def year_of(reference: str, name: str) -> int:
    """The last year in the first reference; the digits of an arXiv number are none."""
    first = re.sub(r"(?i)arxiv[: ]\d+\.\d+", "", reference).partition(";")[0]
    found = re.findall(r"\b(?:19|20)\d\d\b", first)
    if not found:
        raise OptionError(
            f"{name} has no reference with a year in its docstring: Reference: authors, title, venue year."
        )
    return int(found[-1])


def _distinct(graph: Graph) -> list[Symbol]:
    """Its values, of equal ones the first: an engine computes no value twice."""
    number: dict[Symbol, int] = {}
    found: dict[tuple[object, ...], Symbol] = {}
    for node in graph.nodes():
        leaf = () if node.inputs or node.op == "const" else (id(node),)
        key = (node.op, node.first, node.second, *leaf, *(number[i] for i in node.inputs))
        number[node] = number.setdefault(found.setdefault(key, node), len(number))
    return list(found.values())


def _multiply_adds(node: Symbol) -> int:
    """Of a product with a matrix: one for each of its values."""
    if row_of(node).role == "matrix":
        blocks = int(node.first) if node.op == "block_matmul" else 1
        return width(node) * width(node.inputs[1]) // blocks
    if node.op == "outer":
        return width(node)
    matrix = {"matvec": 0, "vecmat": 1}.get(node.op)
    return 0 if matrix is None else width(node.inputs[matrix])


def _when(text: Sequence[str], about: str) -> str:
    """The first sentence that begins as advice does; else the first one behind the sentence that says what it is."""
    before = [part for part in text if not part.startswith("Parameters ")]
    sentences = [s for part in before for s in _SENTENCE.split(part)]
    chosen = next(filter(_ADVICE.match, sentences), sentences[0] if sentences else about)
    return chosen.partition("; ")[0].rstrip(".:") + "."
