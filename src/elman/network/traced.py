"""Traces: every named value of a network's equations, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.engine.moves import moved
from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.equations.evaluate import evaluate
from elman.equations.matrices import parts_of_matrices
from elman.equations.shapes import is_memory
from elman.equations.symbols import width
from elman.network import arguments
from elman.network.face import Net
from elman.network.flow import Part
from elman.network.pieces import owner


def trace(net: Net, x: Any, state: Any = None, lengths: Any = None) -> dict[str, np.ndarray]:
    """Run a network and keep every value that its equations have a name for.

    Parameters
    ----------
    net : Network
        What to run, without dropout.
    x : array, shape (B, T, F)
        Inputs, as `Network.__call__` takes them.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.
    lengths : array of int, shape (B,), optional
        Steps in use of each row, as `Network.__call__` takes them; values behind them are zero.

    Returns
    -------
    dict of str to ndarray, shape (B, T, width)
        By the names of the local variables in the cell's function, such as ``z``, ``r``, ``n`` of a GRU, and of its new
        states ``h``, ``c``; with the layer's name before it, as in ``"0.z"`` or ``"memory.forward.z"``, and also
        without it where only one layer has states: both are the same array, and ``"." in name`` tells those that stand
        for all layers. The value of a layer without states, and of a move between steps, is
        ``y``. What has no time, as behind a layer that returns its last step only, has one step.

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
    inputs, used = net.check_batch(x, lengths)
    rows = len(inputs[0])
    sizes = [n for layer in net.state_sizes() for n in layer]
    states = [np.zeros((rows, n), net.dtype) for n in sizes]
    if state is not None:
        states = arguments.flat_state(state, net.state_sizes(), rows, net.dtype)
    whole = _Trace(net, inputs, states)
    if all(one is None for one in used):
        return whole.found()
    return _padded([_row(net, inputs, states, used, row) for row in range(rows)], whole.steps)


def _row(
    net: Net,
    inputs: Sequence[np.ndarray],
    states: Sequence[np.ndarray],
    lengths: Sequence[np.ndarray | None],
    row: int,
) -> _Trace:
    """A row by itself, of its own length on each time axis."""
    here = []
    for given, array in zip(net.structure.inputs, inputs, strict=True):
        steps = None if given.axis == ONCE else lengths[given.axis]
        here.append(array[row : row + 1] if steps is None else array[row : row + 1, : int(steps[row])])
    return _Trace(net, here, [s[row : row + 1] for s in states])


def _padded(rows: list[_Trace], steps: dict[int, int]) -> dict[str, np.ndarray]:
    """Values of rows of unequal lengths (1, L, width) in one array each, with zeros behind."""
    found = [row.found() for row in rows]
    padded = {}
    for name, axis in rows[0].axes.items():
        whole = steps.get(axis, 1)
        padded[name] = np.concatenate([np.pad(r[name], ((0, 0), (0, whole - r[name].shape[1]), (0, 0))) for r in found])
    return padded


class _Trace:
    """The values of a batch of rows of one length."""

    def __init__(self, net: Net, inputs: Sequence[np.ndarray], states: Sequence[np.ndarray]):
        self.net, self.structure, self.rows = net, net.structure, len(inputs[0])
        self.begin = iter(states)
        self.axes: dict[str, int] = {}  # of each value that was found
        self.values = {Source(~k): a if a.ndim == 3 else a[:, None] for k, a in enumerate(inputs)}
        self.steps = {g.axis: a.shape[1] for g, a in zip(self.structure.inputs, inputs, strict=True) if g.axis != ONCE}

    def found(self) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        recurrent = [part for part in self.structure.parts if part.graph is not None and part.graph.states]
        for number, part in enumerate(self.structure.parts):
            here = self._layer(number, part) if part.move is None else {"y": self._move(number, part)}
            here = {f"{part.name}.{name}": value for name, value in here.items()} | (
                here if recurrent == [part] else {}
            )
            found |= here
            self.axes |= dict.fromkeys(here, self._axis(number, part))
        return found

    def _axis(self, number: int, part: Part) -> int:
        """Along which a layer goes, also where it returns the last step only."""
        alone = part.move is not None or not part.sources
        return self.structure.axes[number] if alone else self.structure.axis(part.sources[0])

    def _move(self, number: int, part: Part) -> np.ndarray:
        assert part.move is not None
        steps = self.steps.get(self.structure.axes[number], 1)
        given = self.values[part.sources[0]]
        made = np.stack([moved(part.move.kind, row, steps, part.move.number) for row in given])
        self.values[Source(number)] = made
        return made

    def _layer(self, number: int, part: Part) -> dict[str, np.ndarray]:
        """The named values of one layer, (B, T, width) each."""
        graph, layer = part.graph, part.layer
        assert graph is not None
        inputs = [self.values[s] for s in part.sources]
        backwards = slice(None, None, -1 if layer.reverse else 1)
        begun = self._begun(part)
        steps = self._evaluated(part, [x[:, backwards] for x in inputs], begun)
        for k, (s, before) in enumerate(zip(graph.states, begun, strict=True)):
            self.values[Source(number, k)] = _last(steps[s.name], before)
        output = steps[graph.ends[0]]
        if layer.last_only:
            before = np.zeros((self.rows, output.shape[2])) if graph.has_output else begun[0]
            self.values[Source(number)] = _last(output, before)
        else:
            self.values[Source(number)] = output[:, backwards]
        return {name: value[:, backwards] for name, value in steps.items()}

    def _evaluated(self, part: Part, inputs: list[np.ndarray], states: list[np.ndarray]) -> dict[str, np.ndarray]:
        graph = part.graph
        assert graph is not None
        parameters = {n: self.net.params[owner(self.structure, f"{part.name}.{n}")] for n in graph.parameters}
        memories = [self.values[s] for s in part.memories]
        outputs = dict(zip(graph.ends, graph.outputs, strict=True))
        matrices = parts_of_matrices(graph)
        vectors = [(symbol, name) for symbol, name in graph.names.items() if symbol not in matrices]
        named = {name: symbol for symbol, name in vectors if not is_memory(symbol)} | outputs
        found = {name: [np.zeros((self.rows, 0, width(symbol)), self.net.dtype)] for name, symbol in named.items()}
        for t in range(inputs[0].shape[1] if inputs else 1):
            values = evaluate(graph, parameters, [x[:, t] for x in inputs], states, memories)
            states = [self._whole(values[s], s) for s in graph.new_states]
            for name, symbol in named.items():
                found[name].append(self._whole(values[symbol], symbol)[:, None])
        return {name: np.concatenate(steps, axis=1) for name, steps in found.items()}

    def _begun(self, part: Part) -> list[np.ndarray]:
        """What the states of a layer begin with: what another layer made, or the caller's."""
        assert part.graph is not None
        begun = part.initial or (None,) * len(part.graph.states)
        return [next(self.begin) if source is None else self.values[source][:, 0] for source in begun]

    def _whole(self, value: np.ndarray, symbol: Any) -> np.ndarray:
        """A value for every row, also where it is the same for all of them."""
        return np.broadcast_to(value, (self.rows, width(symbol)))


def _last(steps: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The last step (B, 1, n); what was before it (B, n) where there is none."""
    return steps[:, -1:] if steps.shape[1] else before[:, None].astype(steps.dtype)
