"""Which layers of a network are Keras' own: those whose equations are the same, whoever wrote them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from elman.equations.graph import Graph, ordered
from elman.equations.store import graph_data
from elman.equations.symbols import width
from elman.network.flow import Part
from elman.network.layers import Layer
from elman.network.normalising_layers import BatchNorm, LayerNorm
from elman.network.recurrent_layers import GRU, LSTM, SimpleRNN
from elman.network.stateless_layers import Activation, Dense, Dropout, Embedding

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "softmax", "softplus", "elu", "silu", "gelu", "exp")
CALLED = {"exp": "exponential"}  # of an activation, what Keras calls it


@dataclass(frozen=True)
class Standard:
    """A layer that Keras has.

    Attributes
    ----------
    kind : str
        As `arrays` knows it.
    options : dict
        What its layer of Keras is told.
    """

    kind: str
    options: dict[str, Any] = field(default_factory=dict)


def standard(part: Part, *, masked: bool = False) -> Standard | None:
    """What Keras has for a part; with `masked` for the layer whose masked form it is."""
    graph = part.graph
    assert graph is not None
    features = [width(x) for x in graph.inputs]
    if graph.memories:
        return None
    if masked:
        graph, features = part.layer.origin.graph(features[:-1]), features[:-1]
    if len(features) != 1 or part.layer.sizes and "E" not in part.layer.sizes:
        return None
    return _candidates(features[0], width(graph.outputs[0])).get(_written(graph)) or _numbered(part, graph)


def written_as_data(graph: Graph) -> tuple[dict[str, Any], list[int]]:
    """A graph as plain data, and the width of each of its nodes."""
    leaves = [*graph.inputs, *graph.memories, *graph.states, *graph.parameters.values()]
    nodes = list(dict.fromkeys([*leaves, *ordered(graph.outputs)]))
    data = graph_data(graph)
    return {**data, "doc": "", "names": {}, "initial": {}}, [node.dim.value or 0 for node in nodes]


def _written(graph: Graph) -> str:
    """The equations without what values are called."""
    data = graph_data(graph)
    rows = [(op, inputs, a, b, name if op == "parameter" else "") for op, inputs, a, b, name in data["nodes"]]
    return repr((rows, data["outputs"], len(data["states"])))


@functools.lru_cache(maxsize=64)
def _candidates(features: int, units: int) -> dict[str, Standard]:
    found: dict[str, Standard] = {}
    for name in ACTIVATIONS:
        function = CALLED.get(name, name)
        alone = Activation(name).graph(features)
        found.setdefault(_written(alone), Standard("activation", {"activation": function}))
        for bias in (True, False):
            told: dict[str, Any] = {"activation": name, "bias": bias}
            theirs = {"activation": function, "use_bias": bias}
            dense = Dense(units, **told).graph(features)
            found.setdefault(_written(dense), Standard("dense", {"units": units, **theirs}))
            for kind, layer, more in _recurrent(units, told):
                found.setdefault(_written(layer.graph(features)), Standard(kind, {"units": units, **theirs, **more}))
    return found


def _recurrent(units: int, told: dict[str, Any]) -> list[tuple[str, Layer, dict[str, Any]]]:
    found: list[tuple[str, Layer, dict[str, Any]]] = [
        ("simple", SimpleRNN(units, **told), {}),
        ("lstm", LSTM(units, **told), {}),
    ]
    for after in (True, False):
        found.append(("gru", GRU(units, reset_after=after, **told), {"reset_after": after}))
    return found


def _numbered(part: Part, graph: Graph) -> Standard | None:
    """What has a number of its own: a rate, an epsilon, a table's size."""
    numbers = {node.op: node.first for node in graph.nodes() if node.inputs}
    features = width(graph.inputs[0])
    if "lookup" in numbers:
        rows, units = graph.shape("E") if "E" in graph.parameters else (1, 1)
        options = {"input_dim": rows, "output_dim": units}
        return _if_same(graph, Embedding(rows, units), features, Standard("embedding", options))
    for op, once in (("dropout", False), ("dropout_once", True)):
        if op in numbers:
            rate: dict[str, Any] = {"rate": numbers[op], "once": once}
            return _if_same(graph, Dropout(numbers[op], once=once), features, Standard("dropout", rate))
    if part.layer.batch is not None:
        layer = BatchNorm(**part.layer.batch)
        return _if_same(graph, layer, features, Standard("batch_norm", dict(part.layer.batch)))
    added = [node.first for node in graph.nodes() if node.op == "const"]
    if {"mean", "sqrt"} <= set(numbers) and len(added) == 1 and added[0] > 0:
        told = {"epsilon": added[0]}
        return _if_same(graph, LayerNorm(epsilon=added[0]), features, Standard("layer_norm", told))
    return None


def _if_same(graph: Graph, layer: Layer, features: int, found: Standard) -> Standard | None:
    return found if _written(layer.graph(features)) == _written(graph) else None
