"""Stream: a network that takes one time step after the other, as the values arrive."""

from __future__ import annotations

import itertools
import math
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.checks import numbers, whole
from elman.errors import DataError, OptionError, ShapeError
from elman.network import checks
from elman.training.checks import check_finite, check_indices

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
        rows = whole(rows, "rows")
        self._network, self._arena = network, network.arena.copy()
        self._sizes, dtype = network.state_sizes(), network.dtype
        shapes: list[tuple[int, ...]] = [(rows, network.inputs), (rows, network.outputs)]
        shapes += [(rows, n) for sizes in self._sizes for n in sizes]
        self._values, (x, self._outputs, *self._states) = _together(shapes, dtype)
        self._tiny, before = np.full_like(self._values, 2.0**-40), np.zeros_like(self._values)
        self._now, self._before = self._values.data, before.data  # the quickest copy there is
        self._x = network.check_input(x[:, None])
        self._inputs, self._shape = self._x[:, 0], x.shape
        self._kinds = "iu" if network.indices else "fiub"  # of numbers that need no further look
        y = self._outputs[:, None] if network.sequence_output else self._outputs
        self._step = network.new_engine().stepper(self._arena, self._x, self._states, y)
        if state is not None:
            self.state = state

    def __call__(self, x: np.typing.ArrayLike) -> np.ndarray:
        """One step: x (B, F) to y (B, O).

        Raises
        ------
        ShapeError, DataError
            If x does not fit, holds a NaN, an infinity or what is no index, or if a result is not finite: which, and
            where. The state is then that before the step.
        """
        # The step is done first and looked at then, as all of its values, x included, lie in one array: their
        # sum is finite only if all are (scaled down, lest large ones overflow), and costs a fifth of
        # np.isfinite(...).all(). Results alone would not do, since a NaN may be lost on its way through a maximum.
        if type(x) is not np.ndarray or x.shape != self._shape or x.dtype.kind not in self._kinds:
            x = self._checked(x)
        self._before[:] = self._now
        try:
            self._inputs[...] = x
            self._step()
            if not isfinite(self._tiny.dot(self._values)):
                self._check_values()
        except BaseException as error:
            self._now[:] = self._before
            if isinstance(error, IndexError | DataError) and self._network.indices:
                check_indices(np.asarray(x), self._network.indices, "x")
            raise
        return self._outputs.copy()

    def _checked(self, x: np.typing.ArrayLike) -> np.ndarray:
        array = numbers(x, "x")
        if array.shape != self._shape:
            raise ShapeError(f"x has shape {array.shape}; expected {self._shape} = (rows of the stream, features)")
        if self._network.indices:
            check_indices(array, self._network.indices, "x")
        return array

    def _check_values(self) -> None:
        check_finite(self._inputs, "x")
        names = [f"state[{i}][{j}]" for i, sizes in enumerate(self._sizes) for j in range(len(sizes))]
        results = dict(zip(["output", *names], [self._outputs, *self._states], strict=True))
        checks.check_results(self._network, results, self._arena)

    @property
    def state(self) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state after the last step, as `Network.__call__` takes and returns it."""
        left = iter(self._states)
        return [tuple(next(left).copy() for _ in sizes) for sizes in self._sizes]

    @state.setter
    def state(self, value: Any) -> None:
        given = checks.flat_state(value, self._sizes, len(self._inputs), self._values.dtype)
        for mine, new in zip(self._states, given, strict=True):
            mine[...] = new

    def reset(self) -> None:
        """Back to states of zeros."""
        for state in self._states:
            state[...] = 0


def _together(shapes: list[tuple[int, ...]], dtype: np.dtype) -> tuple[np.ndarray, list[np.ndarray]]:
    """Arrays of zeros that lie one behind the other in a flat one, so that one copy and one check serve all."""
    borders = [0, *itertools.accumulate(math.prod(shape) for shape in shapes)]
    try:
        flat = np.zeros(borders[-1], dtype)
    except (MemoryError, ValueError) as error:
        raise OptionError(f"there is no memory for a stream of {shapes[0][0]} rows: take fewer") from error
    return flat, [flat[a:b].reshape(s) for a, b, s in zip(borders, borders[1:], shapes, strict=False)]
