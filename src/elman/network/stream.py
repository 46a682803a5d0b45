"""Stream: a network that takes one time step after the other, as the values arrive."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import DataError, OptionError, ShapeError
from elman.network import checks
from elman.training.checks import check_finite, check_indices, numbers

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
        self._network, self._arena = network, network.arena.copy()
        self._sizes, dtype = network.state_sizes(), network.dtype
        self._x = np.zeros((rows, 1, network.inputs), dtype)
        shapes: list[tuple[int, ...]] = [(rows, network.outputs), *((rows, n) for sizes in self._sizes for n in sizes)]
        self._results, (self._outputs, *self._states) = _together(shapes, dtype)
        y = self._outputs[:, None] if network.sequence_output else self._outputs
        self._inputs, self._flat_inputs = self._x[:, 0], self._x.reshape(-1)
        self._shape = self._inputs.shape
        self._keep_results()
        self._step = network.new_engine().stepper(self._arena, self._x, self._states, y)
        if state is not None:
            self.state = state

    def _keep_results(self) -> None:
        before = np.zeros_like(self._results)
        self._now, self._before = self._results.data, before.data  # the quickest copy there is

    def __call__(self, x: np.typing.ArrayLike) -> np.ndarray:
        """One step: x (B, F) to y (B, O).

        Raises
        ------
        ShapeError, DataError
            If x does not fit, holds a NaN, an infinity or what is no index, or if a result is not finite: which, and
            where. The state is then that before the step.
        """
        # A sum of squares is finite only if all values are, and costs a fifth of np.isfinite(x).all(). Where it is
        # not, which may be an overflow of the sum, the slow check looks. Inputs are checked, and not their results
        # alone, as a NaN may be lost on its way through a maximum or a comparison.
        if type(x) is not np.ndarray or x.shape != self._shape or x.dtype.kind not in "fiub":
            x = self._checked(x)
        self._inputs[...] = x
        flat = self._flat_inputs
        if not isfinite(flat.dot(flat)):
            self._check_inputs()
        self._before[:] = self._now
        try:
            self._step()
            flat = self._results
            if not isfinite(flat.dot(flat)):
                self._check_results()
        except BaseException as error:
            self._now[:] = self._before
            if isinstance(error, IndexError | DataError):  # an index that its table does not have
                self._check_inputs()
                if isinstance(error, IndexError):
                    raise DataError(f"x does not fit: {error}") from error
            raise
        return self._outputs.copy()

    def _checked(self, x: np.typing.ArrayLike) -> np.ndarray:
        array = numbers(x, "x")
        if array.shape != self._shape:
            raise ShapeError(f"x has shape {array.shape}; expected {self._shape} = (rows of the stream, features)")
        return array

    def _check_inputs(self) -> None:
        check_finite(self._inputs, "x")
        if self._network.indices:
            check_indices(self._inputs, self._network.indices, "x")

    def _check_results(self) -> None:
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
        given = checks.flat_state(value, self._sizes, len(self._inputs), self._inputs.dtype)
        for mine, new in zip(self._states, given, strict=True):
            mine[...] = new

    def reset(self) -> None:
        """Back to states of zeros."""
        for state in self._states:
            state[...] = 0


def _together(shapes: list[tuple[int, ...]], dtype: np.dtype) -> tuple[np.ndarray, list[np.ndarray]]:
    """Arrays of zeros that lie one behind the other in a flat one, so that one copy and one check serve all."""
    borders = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    flat = np.zeros(borders[-1], dtype)
    return flat, [flat[a:b].reshape(s) for a, b, s in zip(borders, borders[1:], shapes, strict=False)]
