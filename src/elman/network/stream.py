"""Stream: a network that takes one time step after the other, as the values arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import OptionError, ShapeError
from elman.network import checks

if TYPE_CHECKING:
    from elman.network.network import Network


class Stream:
    """Runs a network step by step with the least work between steps; made by `Network.stream`.

    It keeps the state, and the parameters as they were when it was made. The numbers are those of `Network.step`, bit
    for bit.

    Parameters
    ----------
    network : Network
        What to run; none of its layers may run in reverse.
    rows : int, default 1
        Sequences side by side, B.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.

    Raises
    ------
    OptionError
        If a layer runs in reverse: its first output depends on the last input.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, GRU, Network
    >>> stream = Network(2, [GRU(8), Dense(1)]).stream()
    >>> [stream(x).shape for x in np.zeros((3, 1, 2))]
    [(1, 1), (1, 1), (1, 1)]
    """

    def __init__(self, network: Network, rows: int = 1, state: Any = None):
        if any(layer.reverse for layer in network.layers):
            raise OptionError("a layer that runs in reverse needs the whole sequence: call the network itself")
        rows = checks.count(rows, "rows")
        self._sizes, dtype = network.state_sizes(), network.dtype
        self._x = network.check_input(np.zeros((rows, 1, network.inputs), dtype))
        self._states = [np.zeros((rows, n), dtype) for sizes in self._sizes for n in sizes]
        self._y = np.zeros((rows, 1, network.outputs) if network.sequence_output else (rows, network.outputs), dtype)
        self._inputs, self._outputs = self._x[:, 0], self._y[:, 0] if network.sequence_output else self._y
        self._shape = self._inputs.shape
        engine = network.new_engine()
        self._step = engine.stepper(network.arena.copy(), self._x, self._states, self._y)
        if state is not None:
            self.state = state

    def __call__(self, x: np.typing.ArrayLike) -> np.ndarray:
        """One step: x (B, F) to y (B, O)."""
        if getattr(x, "shape", None) != self._shape:  # a fraction of the time that np.shape takes
            self._check(x)
        self._inputs[...] = x
        self._step()
        return self._outputs.copy()

    def _check(self, x: np.typing.ArrayLike) -> None:
        if np.shape(x) != self._shape:
            raise ShapeError(f"x has shape {np.shape(x)}; expected {self._shape} = (rows of the stream, features)")

    @property
    def state(self) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state after the last step, as `Network.__call__` takes and returns it."""
        left = iter(self._states)
        return [tuple(next(left).copy() for _ in sizes) for sizes in self._sizes]

    @state.setter
    def state(self, value: Any) -> None:
        given = checks.flat_state(value, self._sizes, len(self._inputs), self._y.dtype)
        for mine, new in zip(self._states, given, strict=True):
            mine[...] = new

    def reset(self) -> None:
        """Back to states of zeros."""
        for state in self._states:
            state[...] = 0
