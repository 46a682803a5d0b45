"""Store: a cell as data, so that a model file holds its equations and never any code."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations import symbols, widths
from elman.equations.declared import Parameters, fix
from elman.equations.functions.applying import apply
from elman.equations.graph import Graph, ordered
from elman.equations.graph_checks import check_graph
from elman.equations.matrices import declare
from elman.equations.ranges import Range
from elman.equations.symbols import Parameter, Symbol
from elman.equations.trace import Cell, Option
from elman.equations.trace_checks import check_traced
from elman.equations.vectors import scalar
from elman.errors import ElmanError, ModelFileError, OptionError


def to_data(cell: Cell) -> dict[str, Any]:
    """A cell's graph as plain lists, good for JSON; `from_data` makes a cell of it again."""
    initial = {k: v for k, v in cell.initial.items() if isinstance(v, int | float | str)}
    data = graph_data(cell.trace(), initial, cell.__doc__ or "")
    return {**data, **({"frozen": list(cell.frozen)} if cell.frozen else {})}


def graph_data(graph: Graph, initial: dict[str, Any] | None = None, doc: str = "") -> dict[str, Any]:
    """The same of a graph."""
    leaves: list[Symbol] = [
        *graph.inputs,
        *graph.memories,
        *graph.states,
        *graph.parameters.values(),
    ]  # keeps the parameters' order
    nodes = list(dict.fromkeys([*leaves, *ordered(graph.outputs)]))
    number = {n: k for k, n in enumerate(nodes)}
    said = [[number[s], *_range_data(each)] for s, each in graph.ranges if s in number]
    rows = [[*_op(n), n.name] for n in nodes]
    rows = [[op, [number[i] for i in n.inputs], *more] for n, (op, *more) in zip(nodes, rows, strict=True)]
    return {
        "name": graph.name,
        "inputs": [s.name for s in graph.inputs],
        **({"memories": [s.name for s in graph.memories]} if graph.memories else {}),
        **({"ranges": said} if said else {}),
        "states": [s.name for s in graph.states],
        "nodes": rows,
        "outputs": [number[o] for o in graph.outputs],
        "names": {str(number[n]): name for n, name in graph.names.items() if n in number},
        "initial": initial or {},
        "doc": doc,
    }


def _range_data(said: Range) -> tuple[float, float | None, str]:
    """A range as JSON has it, which has no infinity."""
    return said.low, None if said.high == math.inf else said.high, said.what


def _range(low: float, high: float | None, what: str) -> Range:
    return Range(float(low), math.inf if high is None else float(high), str(what))


def stored(graph: Graph, like: Cell | None = None) -> StoredCell:
    """The cell of a graph, with its constants' values, and what a cell whose parameters it has says of them."""
    made = from_data(graph_data(graph, doc=(like and like.__doc__) or ""))
    made.initial = {**constant_values(graph), **(like.initial if like else {})}
    made.frozen, made.valid = (like.frozen, like.valid) if like else ((), {})
    return made


def _op(node: Symbol) -> tuple[str, float, float]:
    """What a node is, and its numbers: of a constant those of its shape."""
    if isinstance(node, Parameter) and node.fixed:
        rows, columns = (*node.fixed, 0)[:2]
        return "constant", rows, columns
    return node.op, node.first, node.second


def constant_values(graph: Graph) -> dict[str, Any]:
    """The values of a graph's constants, which its data leave to the parameters of the model."""
    return {name: p.value for name, p in graph.parameters.items() if p.value is not None}


def from_data(data: dict[str, Any]) -> StoredCell:
    """The cell that `to_data` stored.

    Raises
    ------
    ModelFileError
        If the data is not a cell's graph: an unknown op, a node that refers to a later one.
    """
    try:
        check_graph(data)
    except ElmanError as e:
        raise ModelFileError(f"the model file holds equations that cannot be read: {e}") from e
    return StoredCell(data)


class StoredCell(Cell):
    """A cell known by its graph, not by a function's source."""

    name: str
    __name__: str
    inputs: tuple[str, ...]
    states: tuple[str, ...]
    memories: tuple[str, ...]
    initial: dict[str, Any]
    frozen: tuple[str, ...]
    valid: dict[str, Callable[[np.ndarray, str], None]]
    function: Callable[..., Any]

    def __init__(self, data: dict[str, Any]):
        self.data: dict[str, Any] = data
        self.name = self.__name__ = data["name"]
        self.__doc__ = data["doc"]
        self.inputs, self.states = tuple(data["inputs"]), tuple(data["states"])
        self.memories = tuple(data.get("memories", ()))
        self.options: dict[str, Any] = {}
        self.initial = dict(data["initial"])
        self.frozen = tuple(data.get("frozen", ()))
        self.valid = {}
        self.function = lambda p, *args: _result(_replay(data, p, args), data)

    def __repr__(self) -> str:  # its names need not be those of arguments
        return f"<cell {self.name}({', '.join(('p', *self.inputs, *self.memories, *self.states))})>"

    def with_options(self, **options: Option) -> Cell:
        if options:
            raise OptionError(
                f"{self.name} comes from a file or another function, as its graph: its options are decided, "
                f"{sorted(options)} cannot change; choose them before, as in gru.with_options(bias=False)"
            )
        return self

    def trace(self) -> Graph:
        p = Parameters()
        inputs = [Symbol("input", name=n) for n in self.inputs]
        memories = [Symbol("memory", name=n) for n in self.memories]
        states = [Symbol("state", name=n) for n in self.states]
        with widths.recording() as recorder:
            values = _replay(self.data, p, (*inputs, *memories, *states))
            outputs = [symbols.as_symbol(values[k]) for k in self.data["outputs"]]
            for state, new in zip(states, outputs[len(outputs) - len(states) :], strict=True):
                widths.must_equal(state.dim, new.dim, f"the new state {state.name} of {self.name}")
            declare(self.name, outputs)
        declared = p.__dict__["_all"]
        parameters = {n: s for n, s in declared.items() if s.role}
        check_traced(self.name, outputs, declared, {*inputs, *memories, *states, *parameters.values()})
        names = {values[int(k)]: n for k, n in self.data["names"].items()}
        said = [(values[k], _range(*each)) for k, *each in self.data.get("ranges", ())]
        return Graph(self.name, inputs, states, outputs, parameters, recorder.relations, names, memories, said)


def _replay(data: dict[str, Any], p: Any, args: tuple[Any, ...]) -> list[Any]:
    """Every node's value, on symbols or on arrays."""
    given = dict(zip((*data["inputs"], *data.get("memories", ()), *data["states"]), args, strict=True))
    values: list[Any] = []
    for op, inputs, first, second, name in data["nodes"]:
        operands = [values[i] for i in inputs]
        values.append(_value(op, operands, first, second, name, p, given))
    return values


def _value(op: str, operands: list[Any], first: float, second: float, name: str, p: Any, given: dict[str, Any]) -> Any:
    if op in ("input", "memory", "state"):
        return given[name]
    if op == "parameter":
        return scalar(getattr(p, name)) if first else getattr(p, name)
    if op == "constant":
        found, shape = getattr(p, name), tuple(int(n) for n in (first, second) if n)
        return fix(found, shape) if isinstance(found, Parameter) else found
    if op == "const":
        return first
    return apply(op, *operands, numbers=(first, second))


def _result(values: list[Any], data: dict[str, Any]) -> Any:
    found = tuple(values[k] for k in data["outputs"])
    return found if len(found) > 1 else found[0]
