"""The values of a step's graph, node by node: its meaning in NumPy, for those who want to see every intermediate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from elman.equations.graph import Graph
from elman.equations.ops import OPS
from elman.equations.symbols import Parameter, Symbol


def evaluate(
    graph: Graph,
    parameters: Mapping[str, np.ndarray],
    inputs: list[np.ndarray],
    states: list[np.ndarray],
    memories: Sequence[np.ndarray] = (),
) -> dict[Symbol, np.ndarray]:
    """Every node's value for some rows, dropout left out.

    Parameters
    ----------
    graph : Graph
        Of one step.
    parameters : mapping of str to ndarray
        By their names in the equations.
    inputs : list of ndarray, shape (B, F)
        In the order of ``graph.inputs``.
    states : list of ndarray, shape (B, H)
        The old ones.
    memories : sequence of ndarray, shape (B, S, M)
        In the order of ``graph.memories``.

    Returns
    -------
    dict of Symbol to ndarray, shape (B, width), or (B, S, width) of what is made of memories alone
    """
    values: dict[Symbol, np.ndarray] = dict(
        zip([*graph.inputs, *graph.states, *graph.memories], [*inputs, *states, *memories], strict=True)
    )
    with np.errstate(all="ignore"):
        for node in graph.nodes():
            if node not in values:
                values[node] = _value(node, parameters, values)
    return values


def _dtype(arrays: list[np.ndarray]) -> np.dtype:
    """That of the numbers; others are indices."""
    return next((a.dtype for a in arrays if a.dtype.kind == "f"), np.dtype(np.float64))


def _value(node: Symbol, parameters: Mapping[str, np.ndarray], values: dict[Symbol, np.ndarray]) -> np.ndarray:
    if isinstance(node, Parameter) and node.op == "parameter":
        return parameters[node.name]
    if node.op == "const":
        return np.asarray(node.first, _dtype([*parameters.values(), *values.values()]))
    return OPS[node.op].of([values[i] for i in node.inputs], node.first, node.second)
