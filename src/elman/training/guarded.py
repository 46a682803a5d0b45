"""Guarded: updates after which everything is finite; one that would not be so is not done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elman.engine.interface import Batch, How, Updates
from elman.training.protocol import Trainer


@dataclass(frozen=True)
class Failure:
    """Why an update was not done; everything is as it was before it.

    Attributes
    ----------
    loss : float
    array : int
        Which array it would have spoilt: 0 the parameters, 1 and on what the optimiser remembers; -1 if its loss or its
        gradient is not finite.
    place : int
        Where in that array.
    value : float
        What would be there.
    """

    loss: float
    array: int = -1
    place: int = -1
    value: float = 0.0


def train(
    trainer: Trainer, parameters: np.ndarray, data: Batch, updates: Updates, how: How
) -> tuple[np.ndarray, Failure | None]:
    """Updates as `elman.engine.interface.Engine.train` does them, up to the first that fails.

    Returns
    -------
    array
        The losses of those that were done.
    Failure or None
        Why the next one was not.
    """
    kept = [parameters, *updates.state, *(updates.carried or ())]
    before = [array.copy() for array in kept]
    found = trainer.train(parameters, data, updates, how)
    if found.finite and _spoilt(kept) is None:
        return found.losses, None
    _restore(kept, before)
    return _one_by_one(trainer, parameters, data, updates, how, kept)


def _one_by_one(
    trainer: Trainer, parameters: np.ndarray, data: Batch, updates: Updates, how: How, kept: list[np.ndarray]
) -> tuple[np.ndarray, Failure | None]:
    """The same updates again, each in a call of its own: the bits are the same, and what is before each is known."""
    losses: list[float] = []
    for number in range(len(updates.scalars)):
        before = [array.copy() for array in kept]
        found = trainer.train(parameters, data, _one(updates, number), how)
        spoilt = _spoilt(kept) if found.finite else None
        if not found.finite or spoilt is not None:
            failure = Failure(float(found.losses[-1]), *(spoilt or ()))
            _restore(kept, before)
            return np.array(losses), failure
        losses += found.losses.tolist()
    return np.array(losses), None  # the engine has come to another end than before


def _one(updates: Updates, number: int) -> Updates:
    if isinstance(updates.batches, tuple):
        rows, borders = updates.batches
        here = rows[borders[number] : borders[number + 1]]
    else:
        here = updates.batches[number]
    return replace(
        updates,
        batches=[here],
        scalars=updates.scalars[number : number + 1],
        keys=None if updates.keys is None else updates.keys[number : number + 1],
    )


def _spoilt(arrays: Sequence[np.ndarray]) -> tuple[int, int, float] | None:
    """The first number that is not finite: of which array, where, and what it is."""
    for number, array in enumerate(arrays):
        if np.isfinite(np.add.reduce(array, axis=None)):  # which is quick, and says so of any but huge numbers
            continue
        wrong = np.flatnonzero(~np.isfinite(array.ravel()))
        if len(wrong):
            return number, int(wrong[0]), float(array.flat[wrong[0]])
    return None


def _restore(arrays: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> None:
    for array, old in zip(arrays, before, strict=True):
        array[...] = old
