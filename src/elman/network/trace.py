"""Traces: every named value of a network's equations, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman.equations.evaluate import evaluate
from elman.equations.symbols import width
from elman.network import checks

if TYPE_CHECKING:
    from elman.network.network import Network


def trace(net: Network, x: np.typing.ArrayLike, state: Any = None) -> dict[str, np.ndarray]:
    """Run a network and keep every value that its equations have a name for.

    Parameters
    ----------
    net : Network
        What to run, without dropout.
    x : array, shape (B, T, F)
        Inputs.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.

    Returns
    -------
    dict of str to ndarray, shape (B, T, width)
        By the names of the local variables in the cell's function, such as ``z``, ``r``, ``n`` of a GRU, and of its new
        states ``h``, ``c``; with the layer's number before it, as in ``"0.z"``, and also without it where only one
        layer has states. The value of a layer without states is ``y``. Behind a layer that returns its last step only
        there is one step.

    Notes
    -----
    The equations are evaluated one step after the other with NumPy; values agree with the engines' up to rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import GRU, Dense, Network
    >>> steps = trace(Network(1, [GRU(4), Dense(1)]), np.zeros((2, 5, 1)))
    >>> sorted(steps), steps["z"].shape
    (['0.h', '0.n', '0.r', '0.z', '1.y', 'h', 'n', 'r', 'z'], (2, 5, 4))
    """
    values = net.check_input(x)
    given = None if state is None else checks.flat_state(state, net.state_sizes(), len(values), net.dtype)
    left = iter(given or [np.zeros((len(values), n), net.dtype) for layer in net.state_sizes() for n in layer])
    found: dict[str, np.ndarray] = {}
    recurrent = [number for number, graph in enumerate(net.graphs) if graph.states]
    for number, (layer, graph) in enumerate(zip(net.layers, net.graphs, strict=True)):
        backwards = slice(None, None, -1 if layer.reverse else 1)
        steps = _layer(net, number, values[:, backwards], [next(left) for _ in graph.states])
        steps = {name: value[:, backwards] for name, value in steps.items()}
        found |= {f"{number}.{name}": value for name, value in steps.items()}
        if recurrent == [number]:
            found |= steps
        values = steps[graph.states[0].name if graph.states else "y"]
        if layer.last_only:
            values = values[:, :1] if layer.reverse else values[:, -1:]
    return found


def _layer(net: Network, number: int, x: np.ndarray, states: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The named values of one layer, (B, T, width) each."""
    graph = net.graphs[number]
    parameters = {name: net.params[f"{number}.{name}"] for name in graph.parameters}
    outputs = dict(zip([s.name for s in graph.states] or ["y"], graph.outputs, strict=True))
    named = {name: symbol for symbol, name in graph.names.items()} | outputs
    found: dict[str, list[np.ndarray]] = {name: [] for name in named}
    for t in range(x.shape[1]):
        values = evaluate(graph, parameters, [x[:, t]], states)
        states = [_whole(values[s], s, x) for s in graph.outputs] if graph.states else []
        for name, symbol in named.items():
            found[name].append(_whole(values[symbol], symbol, x))
    return {name: np.stack(steps, axis=1) for name, steps in found.items()}


def _whole(value: np.ndarray, symbol: Any, x: np.ndarray) -> np.ndarray:
    """A value for every row, also where it is the same for all of them."""
    return np.broadcast_to(value, (len(x), width(symbol)))
