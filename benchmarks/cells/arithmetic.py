"""What a cell's equations ask for at one step of one sequence, whatever plan is made of them.

Counted in the graph of the step and in that of its backward step, each value once: multiply-adds of products with
matrices, values of elementwise operations in additions, and values that the way back needs of the way there. What is
made of parameters alone counts nothing, as it could be made once an update.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from elman.equations import Cell, Graph
from elman.equations.differentiate import differentiate
from elman.equations.graph import depending, ordered
from elman.equations.matrices import split
from elman.equations.ops import row_of
from elman.equations.simplify import simplify
from elman.equations.symbols import Parameter, Symbol, width

WIDE = 1024  # values of a row from which it does not stay in the first-level cache


@dataclass(frozen=True)
class Arithmetic:
    """Of a step of one sequence.

    Attributes
    ----------
    multiply_adds : float
        Of products with matrices of parameters, and of the sums that are these matrices' gradients.
    elementwise, elementwise_wide : float
        Values of all other operations, each as many times as it costs additions; of rows below `WIDE` and from there.
    kept, kept_wide : float
        Values that the states, and on the way back its needs, make the step write and read again.
    """

    multiply_adds: float = 0
    elementwise: float = 0
    elementwise_wide: float = 0
    kept: float = 0
    kept_wide: float = 0

    def __add__(self, other: Arithmetic) -> Arithmetic:
        return Arithmetic(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def _elementwise(values: float, row: float) -> Arithmetic:
    return Arithmetic(elementwise_wide=values) if row >= WIDE else Arithmetic(elementwise=values)


def _kept(row: int) -> Arithmetic:
    return Arithmetic(kept_wide=row) if row >= WIDE else Arithmetic(kept=row)


def _total(parts: Iterable[Arithmetic]) -> Arithmetic:
    return sum(parts, Arithmetic())


def graph_of(cell: Cell, features: int, units: int) -> Graph:
    """As an engine gets it: matrices made of parameters are parameters."""
    return simplify(split(cell.trace().bind([features], units))[0])


def parameters_of(cell: Cell, features: int, units: int) -> int:
    """Numbers that training changes."""
    graph = cell.trace().bind([features], units)
    trained = {name for name, p in graph.parameters.items() if not p.fixed} - set(cell.frozen)
    return sum(math.prod(graph.shape(name)) for name in trained)


def forward(graph: Graph, costs: Mapping[str, float]) -> Arithmetic:
    """Of the step; `costs` are those of a value of each operation in additions, 1 where it has none."""
    nodes = graph.nodes()
    changing = depending(nodes, [*graph.inputs, *graph.states])
    return _of(_distinct(nodes), changing, costs) + _total(_kept(width(o)) for o in graph.outputs)


def update(graph: Graph, costs: Mapping[str, float], frozen: Iterable[str] = ()) -> Arithmetic:
    """Of the step and the step back; that of a first layer, whose input needs no gradient."""
    back = differentiate(graph, with_inputs=False)
    skipped = set(frozen)
    sums = [c for c in back.contributions if c.parameter.name not in skipped]
    ends = [s for s in back.states if s is not None] + [s for c in sums for s in (c.delta, c.source) if s is not None]
    nodes = ordered([*graph.outputs, *ends])
    changing = depending(nodes, [*graph.inputs, *graph.states, *back.seeds])
    there = set(graph.nodes())
    needed = {i for s in nodes if s not in there for i in s.inputs} | {c.source for c in sums}
    values = {s for s in _distinct(graph.nodes()) if s in needed and s in changing and s.inputs}
    kept = _total(_kept(width(s)) for s in {*graph.outputs, *values})
    return _of(_distinct(nodes), changing, costs) + kept + _total(_of_sum(c.delta, c.source) for c in sums)


def _of_sum(delta: Symbol, source: Symbol | None) -> Arithmetic:
    """Of a gradient: over all steps and rows of a product, or of a vector."""
    if source is None:
        return _elementwise(width(delta), width(delta))
    return Arithmetic(multiply_adds=width(delta) * width(source)) + _kept(width(delta))


def _of(nodes: list[Symbol], changing: set[Symbol], costs: Mapping[str, float]) -> Arithmetic:
    return _total(_of_node(s, costs) for s in nodes if s in changing and s.inputs)


def _of_node(node: Symbol, costs: Mapping[str, float]) -> Arithmetic:
    if row_of(node).role == "matrix":
        return Arithmetic(multiply_adds=width(node) * width(node.inputs[1]))
    row = max(width(s) for s in (node, *node.inputs))
    return _elementwise(costs.get(node.op, 1) * row, row)


def _distinct(nodes: Iterable[Symbol]) -> list[Symbol]:
    """Of equal values the first: an engine computes none twice."""
    number: dict[Symbol, int] = {}
    found: dict[tuple[object, ...], Symbol] = {}
    for node in nodes:
        leaf = () if node.inputs or node.op == "const" else (id(node),)
        own = (id(node),) if isinstance(node, Parameter) else ()
        key = (node.op, node.first, node.second, *leaf, *own, *(number.get(i, id(i)) for i in node.inputs))
        number[node] = number.setdefault(found.setdefault(key, node), len(number))
    return list(found.values())
