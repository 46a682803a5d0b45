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
from elman.equations.differentiate import Backward, differentiate
from elman.equations.graph import depending, ordered
from elman.equations.matrices import split
from elman.equations.ops import row_of
from elman.equations.simplify import simplify
from elman.equations.symbols import Parameter, Symbol, width

ROW_BY_ROW = {"outer": "mul", "matvec": "fma", "vecmat": "fma"}  # with a matrix that is a state


@dataclass(frozen=True)
class Arithmetic:
    """Of a step of one sequence.

    Attributes
    ----------
    multiply_adds : float
        Of products with matrices of parameters, and of the sums that are these matrices' gradients.
    elementwise : float
        Values of all other operations, each as many times as it costs additions.
    kept : float
        Values that the states, and on the way back its needs, make the step write and read again.
    """

    multiply_adds: float
    elementwise: float
    kept: float

    def __add__(self, other: Arithmetic) -> Arithmetic:
        return Arithmetic(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def graph_of(cell: Cell, features: int, units: int) -> Graph:
    """As an engine gets it: matrices made of parameters are parameters."""
    return simplify(split(cell.trace().bind([features], units))[0])


def parameters_of(cell: Cell, features: int, units: int) -> int:
    """Numbers that training changes."""
    graph = cell.trace().bind([features], units)
    trained = {name for name, p in graph.parameters.items() if not p.fixed} - set(cell.frozen)
    return sum(math.prod(graph.shape(name)) for name in trained)


def forward(graph: Graph, costs: Mapping[str, float]) -> Arithmetic:
    """Of the step."""
    changing = _changing(graph, graph.nodes())
    states = sum(map(width, graph.outputs))
    return _of(_distinct(graph.nodes()), changing, costs) + Arithmetic(0, 0, states)


def update(graph: Graph, costs: Mapping[str, float], frozen: Iterable[str] = ()) -> Arithmetic:
    """Of the step and the step back; that of a first layer, whose input needs no gradient."""
    back = differentiate(graph, with_inputs=False)
    skipped = set(frozen)
    gone = [c for c in back.contributions if c.parameter.name in skipped]
    for each in gone:
        back.contributions.remove(each)
    nodes = ordered([*graph.outputs, *back.outputs()])
    changing = _changing(graph, nodes, back)
    there = set(graph.nodes())
    kept = {i for s in nodes if s not in there for i in s.inputs} | {c.source for c in back.contributions} - {None}
    values = [s for s in _distinct(s for s in there if s in kept and s in changing) if s.inputs]
    own = Arithmetic(0, 0, sum(map(width, {*graph.outputs, *values})))
    sums = [_of_sum(c.delta, c.source) for c in back.contributions if c.delta in changing]
    return sum(sums, _of(_distinct(nodes), changing, costs) + own)


def _of_sum(delta: Symbol, source: Symbol | None) -> Arithmetic:
    """Of a gradient: over all steps and rows of a product, or of a vector."""
    return Arithmetic(0, width(delta), 0) if source is None else Arithmetic(width(delta) * width(source), 0, width(delta))


def _changing(graph: Graph, nodes: list[Symbol], back: Backward | None = None) -> set[Symbol]:
    """What is not the same at every step."""
    seeds = back.seeds if back else []
    return depending(nodes, [*graph.inputs, *graph.states, *seeds])


def _of(nodes: list[Symbol], changing: set[Symbol], costs: Mapping[str, float]) -> Arithmetic:
    products = [s for s in nodes if s in changing and row_of(s).role == "matrix"]
    others = [s for s in nodes if s in changing and s.inputs and row_of(s).role != "matrix"]
    return Arithmetic(sum(map(_multiply_adds, products)), sum(_additions(s, costs) for s in others), 0)


def _multiply_adds(node: Symbol) -> float:
    return width(node) * width(node.inputs[1])


def _additions(node: Symbol, costs: Mapping[str, float]) -> float:
    """The wider of a result and its operands, as often as the operation costs."""
    if node.op in ("slice", "part", "pad", "concat", "expand", "copy", "stop_gradient"):
        return width(node) * (node.op in ("concat", "pad"))
    return costs[node.op] * max(map(width, (node, *(i for i in node.inputs))))


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
