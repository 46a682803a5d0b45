"""Which layers are PyTorch's own: those whose equations are, node by node, the ones of its layers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from elman.cells import gru, lstm, projected_lstm, simple
from elman.equations import Cell
from elman.equations.graph import Graph, ordered
from elman.equations.memory import replaced
from elman.equations.symbols import Symbol
from elman.interop.pytorch.gates import Row, rows_of
from elman.network.flow import Part
from elman.network.layer_cells import batch_norm, dropout, embedding, layer_norm


@dataclass(frozen=True)
class Standard:
    """A layer of PyTorch's.

    Attributes
    ----------
    kind : str
        The class: ``LSTM``, ``GRU``, ``RNN``, ``Linear``, ``Embedding``, ``LayerNorm``, ``BatchNorm``, ``Dropout``.
    rows : tuple of Row
        Where the parameters lie.
    options : dict
        Of the class, beside sizes.
    after : Graph or None
        What is made of the result of a linear layer; None where nothing is.
    """

    kind: str
    rows: tuple[Row, ...]
    options: dict[str, Any]
    after: Graph | None = None

    @property
    def is_recurrent(self) -> bool:
        return self.kind in ("LSTM", "GRU", "RNN")


def standard_of(part: Part) -> Standard | None:
    """The layer of PyTorch's that a part is; None where its module is written from the graph."""
    graph = part.graph
    if graph is None or graph.memories:
        return None
    if part.layer.batch:
        rows = {"g": "weight", "b": "bias", "mean": "running_mean", "variance": "running_var"}
        return Standard("BatchNorm", tuple(Row(a, b) for a, b in rows.items()), {}) if _is_norm(graph) else None
    if graph.states:
        return _recurrent_of(signature(graph))
    found = [f(graph) for f in (_dropout, _embedding, _layer_norm)]
    return next((one for one in found if one), None) or _linear(graph)


# --- recurrent ones, by what their equations are ------------------------------------------------------------------


def signature(graph: Graph) -> tuple[Any, ...]:
    """A graph but for its sizes and the names of what is no parameter."""
    nodes = list(dict.fromkeys([*graph.inputs, *graph.states, *graph.parameters.values(), *graph.nodes()]))
    number = {n: k for k, n in enumerate(nodes)}
    named = set(graph.parameters.values())
    rows = [(n.op, tuple(number[i] for i in n.inputs), n.first, n.second, n.name if n in named else "") for n in nodes]
    return (*rows, tuple(number[o] for o in graph.outputs))


@functools.cache
def _known() -> dict[tuple[Any, ...], Standard]:
    """The recurrent layers that PyTorch has."""
    found: dict[tuple[Any, ...], Standard] = {}
    for bias in (True, False):
        cells: list[tuple[str, Cell, dict[str, Any]]] = [
            ("LSTM", lstm.with_options(bias=bias), {}),
            ("GRU", gru.with_options(bias=bias), {}),
            ("RNN", simple.with_options(bias=bias), {"nonlinearity": "tanh"}),
            ("RNN", simple.with_options(bias=bias, activation="relu"), {"nonlinearity": "relu"}),
        ]
        for kind, cell, options in cells:
            one = Standard(kind, tuple(rows_of(kind, bias=bias)), {"bias": bias, **options})
            found[signature(cell.trace())] = one
    projected = tuple(rows_of("LSTM", projected=True))
    cell = projected_lstm.with_options(peepholes=False)
    return found | {signature(cell.trace()): Standard("LSTM", projected, {"bias": True, "proj_size": 0})}


def _recurrent_of(signature: tuple[Any, ...]) -> Standard | None:
    return _known().get(signature)


# --- those without states -----------------------------------------------------------------------------------------


def _is_norm(graph: Graph) -> bool:
    """Whether a batch normalisation has the equations of Elman's own, with any epsilon."""
    return _same_but_numbers(graph, batch_norm)


def _same_but_numbers(graph: Graph, cell: Cell) -> bool:
    def shape(rows: tuple[Any, ...]) -> list[Any]:
        return [row[:2] + row[4:] if len(row) == 5 and isinstance(row[0], str) else row for row in rows]

    return shape(signature(graph)) == shape(signature(cell.trace()))


def _dropout(graph: Graph) -> Standard | None:
    last = graph.outputs[0]
    if last.op != "dropout" or list(last.inputs) != graph.inputs or not _same_but_numbers(graph, dropout):
        return None
    return Standard("Dropout", (), {"p": last.first})


def _embedding(graph: Graph) -> Standard | None:
    return Standard("Embedding", (Row("E", "weight"),), {}) if _same_but_numbers(graph, embedding) else None


def _layer_norm(graph: Graph) -> Standard | None:
    """With an epsilon that stands where layer normalisation has its own."""
    for epsilon in {n.first for n in graph.nodes() if n.op == "const"}:
        if epsilon > 0 and signature(graph) == signature(layer_norm.with_options(epsilon=epsilon).trace()):
            return Standard("LayerNorm", (Row("g", "weight"), Row("b", "bias")), {"eps": epsilon})
    return None


def _linear(graph: Graph) -> Standard | None:
    """A product of the input with W, plus b, and what is made of that alone."""
    if len(graph.inputs) != 1 or set(graph.parameters) not in ({"W"}, {"W", "b"}):
        return None
    (x,), bias = graph.inputs, "b" in graph.parameters
    sums = [n for n in graph.nodes() if _is_sum(n, graph, x)]
    if len(sums) != 1:
        return None
    z = Symbol("input", dim=sums[0].dim, name="z")
    outputs, _ = replaced(graph.outputs, {sums[0]: z})
    if not {x, *graph.parameters.values()}.isdisjoint(ordered(outputs)):
        return None
    after = None if outputs[0] is z else Graph(graph.name, [z], [], outputs, {}, graph.relations)
    rows = (Row("W", "weight"), *([Row("b", "bias")] if bias else []))
    return Standard("Linear", rows, {"bias": bias}, after)


def _is_sum(node: Symbol, graph: Graph, x: Symbol) -> bool:
    """Whether it is ``W x + b``, or ``W x`` where there is no b."""
    p = graph.parameters
    if "b" not in p:
        return _is_product(node, p["W"], x)
    return node.op == "add" and node.inputs[1] is p["b"] and _is_product(node.inputs[0], p["W"], x)


def _is_product(node: Symbol, matrix: Symbol, x: Symbol) -> bool:
    return node.op == "matmul" and node.inputs[0] is matrix and node.inputs[1] is x
