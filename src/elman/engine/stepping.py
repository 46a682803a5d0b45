"""Stepping: streams in the NumPy engine, which takes one step of one stream after the other.

NumPy sums in another order where there are more rows, so that only what is alone has the numbers of what is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from elman.engine.interface import Batch

Forward = Callable[[Batch], tuple[tuple[np.ndarray, ...], list[np.ndarray]]]


class NumpyStepper:
    """One batch again and again; see `elman.engine.interface.Stepper`."""

    def __init__(
        self,
        forward: Forward,
        inputs: Sequence[np.ndarray],
        states: list[np.ndarray],
        outputs: Sequence[np.ndarray],
    ):
        self._forward, self._inputs, self._states, self._outputs = forward, tuple(inputs), states, outputs

    def __call__(self) -> bool:
        if not _finite(self._inputs):
            return False
        with np.errstate(all="ignore"):  # what is not finite is found
            found, finals = self._forward(Batch(self._inputs, states=self._states))
        if not _finite([*found, *finals]):
            return False
        for mine, new in zip((*self._outputs, *self._states), (*found, *finals), strict=True):
            mine[...] = new
        return True

    def run(self, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> bool:
        before = [state.copy() for state in self._states]
        done = False
        try:
            done = all(self._one(inputs, outputs, t) for t in range(inputs[0].shape[1]))
        finally:
            if not done:
                for state, old in zip(self._states, before, strict=True):
                    state[...] = old
        return done

    def _one(self, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray], t: int) -> bool:
        for mine, given in zip(self._inputs, inputs, strict=True):
            mine[...] = given[:, t].reshape(mine.shape)
        if not self():
            return False
        for out, y in zip(outputs, self._outputs, strict=True):
            out[:, t] = y.reshape(len(y), -1)
        return True

    def quick(self, input: np.ndarray, output: np.ndarray) -> Callable[[Any], np.ndarray | None]:
        return _no_step


class NumpyPool:
    """Some of many streams; see `elman.engine.interface.Pool`."""

    def __init__(self, forward: Forward, states: list[np.ndarray]):
        self._forward, self._states = forward, states

    def step(
        self, places: np.ndarray, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray], wrong: np.ndarray
    ) -> bool:
        finals = []
        for row, place in enumerate(places):
            mine = tuple(x[row : row + 1] for x in inputs)
            states = [state[place : place + 1].copy() for state in self._states]
            with np.errstate(all="ignore"):  # what is not finite is found
                found, new = self._forward(Batch(mine, states=states))
            wrong[row] = not _finite([*mine, *found, *new])
            finals.append(new)
            for out, y in zip(outputs, found, strict=True):
                out[row] = y.reshape(-1)
        if wrong.any():
            return False
        for place, new in zip(places, finals, strict=True):
            for state, one in zip(self._states, new, strict=True):
                state[place] = one[0]
        return True


def _finite(arrays: Sequence[np.ndarray]) -> bool:
    return all(np.isfinite(array).all() for array in arrays)


def _no_step(x: Any) -> None:
    """None is as fast as that."""
