"""Stream: a network that takes one time step after the other, as the values arrive."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from elman.checks import numbers, whole
from elman.engine.indices import as_indices, whole_numbers
from elman.engine.interface import Batch
from elman.errors import DataError, OptionError, ShapeError
from elman.network import checks
from elman.network.face import Net
from elman.training.checks import check_finite, check_indices


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

    def __init__(self, network: Net, rows: int = 1, state: Any = None):
        if any(layer.reverse for layer in network.layers):
            raise OptionError("a layer that runs in reverse needs the whole sequence: call the network itself")
        rows = whole(rows, "rows")
        self._network, self._arena, self._sizes = network, network.arena.copy(), network.state_sizes()
        x, self._outputs, *self._states = _zeros(
            [(rows, n) for n in (network.inputs, network.outputs, *itertools.chain(*self._sizes))], network.dtype
        )
        self._x = network.check_input(x[:, None])
        self._inputs, self._shape = self._x[:, 0], x.shape
        self._kinds = "iu" if self._x.dtype.kind == "i" else "fiub"  # of numbers that need no further look
        self._engine, y = network.new_engine(), self._outputs
        y = y[:, None] if network.sequence_output else y
        self._step = self._engine.stepper(self._arena, (self._x,), self._states, (y,))
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
        if type(x) is not np.ndarray or x.shape != self._shape or x.dtype.kind not in self._kinds:
            x = self._checked(x)
        self._inputs[...] = x
        try:
            if not self._step():
                self._explain()
        except DataError:
            if self._network.indices:
                check_indices(np.asarray(x), self._network.indices, "x")
            raise
        return self._outputs.copy()

    def _checked(self, x: np.typing.ArrayLike) -> np.ndarray:
        array = numbers(x, "x")
        if array.shape != self._shape:
            raise ShapeError(f"x has shape {array.shape}; expected {self._shape} = (rows of the stream, features)")
        if self._network.indices:
            check_indices(array, self._network.indices, "x")
        elif self._x.dtype.kind == "i":  # a class that the equations pick
            plan = self._engine.plan
            as_indices(array[:, None], whole_numbers(plan, self._network.dtype)[plan.inputs[0].slot], None, "x")
        return array

    def _explain(self) -> None:
        """Raise `DataError` for a step that was not finite, which is done once more for its results."""
        check_finite(self._inputs, "x")
        with np.errstate(all="ignore"):
            (y,), states = self._engine.forward(self._arena, Batch.of(self._x, states=self._states))
        outputs = y[:, 0] if self._network.sequence_output else y
        names = [f"state[{i}][{j}]" for i, sizes in enumerate(self._sizes) for j in range(len(sizes))]
        results = dict(zip(["output", *names], [outputs, *states], strict=True))
        checks.check_results(self._network, results, self._arena)

    @property
    def state(self) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state after the last step, as `Network.__call__` takes and returns it."""
        left = iter(self._states)
        return [tuple(next(left).copy() for _ in sizes) for sizes in self._sizes]

    @state.setter
    def state(self, value: Any) -> None:
        given = checks.flat_state(value, self._sizes, len(self._inputs), self._network.dtype)
        for mine, new in zip(self._states, given, strict=True):
            mine[...] = new

    def reset(self) -> None:
        """Back to states of zeros."""
        for state in self._states:
            state[...] = 0


def _zeros(shapes: list[tuple[int, int]], dtype: np.dtype) -> list[np.ndarray]:
    try:
        return [np.zeros(shape, dtype) for shape in shapes]
    except (MemoryError, ValueError) as error:
        raise OptionError(f"there is no memory for a stream of {shapes[0][0]} rows: take fewer") from error
