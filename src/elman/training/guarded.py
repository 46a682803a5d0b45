"""Guarded: updates after which everything is finite; one that would not be so is not done.

What an update changes is copied before a call of the engine, so that what is spoilt can be put back. That takes no time
beside that of the updates, but for a few steps of a few rows in a large network: there nothing is copied unless asked
for, and a parameter that an update has spoilt is found by the next one.
"""

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


SMALL = 1 << 20  # bytes that are copied whatever the work is
STEPS_A_COPY = 2000  # of rows, in a call, that take a hundred times as long as to copy each parameter once


def train(
    trainer: Trainer, parameters: np.ndarray, data: Batch, updates: Updates, how: How, *, always: bool = False
) -> tuple[np.ndarray, Failure | None]:
    """Updates as `elman.engine.interface.Engine.train` does them, up to the first that fails.

    Parameters
    ----------
    trainer, parameters, data, updates, how
        As for an engine.
    always : bool, default False
        Whether what is spoilt can be put back also where that takes time.

    Returns
    -------
    array
        The losses of those that were done.
    Failure or None
        Why the next one was not.
    """
    kept = [parameters, *updates.state, *(updates.carried or ())]
    if not always and not _is_cheap(kept, data, updates):
        found = trainer.train(parameters, data, updates, how)
        return found.losses[: found.done], None if found.finite else Failure(float(found.losses[-1]))
    before = [array.copy() for array in kept]
    found = trainer.train(parameters, data, updates, how)
    if found.finite and _spoilt(kept) is None:
        return found.losses, None
    _restore(kept, before)
    return _one_by_one(trainer, parameters, data, updates, how, kept)


def _is_cheap(kept: list[np.ndarray], data: Batch, updates: Updates) -> bool:
    """Whether to copy what updates change takes no time beside them."""
    if updates.carried or sum(array.nbytes for array in kept) <= SMALL:
        return True
    batches = updates.batches
    rows = len(batches[0]) if isinstance(batches, tuple) else sum(map(len, batches))
    steps = max((x.shape[1] for x in data.inputs if x.ndim == 3), default=1)
    return rows * steps >= STEPS_A_COPY * len(kept)


def _one_by_one(
    trainer: Trainer, parameters: np.ndarray, data: Batch, updates: Updates, how: How, kept: list[np.ndarray]
) -> tuple[np.ndarray, Failure | None]:
    """The same updates again, each in a call of its own: the bits are the same, and what is before each is known."""
    losses, done = list[float](), updates.counter()
    for number in range(len(updates.scalars)):
        before = [array.copy() for array in kept]
        found = trainer.train(parameters, data, _one(updates, number), how)
        spoilt = _spoilt(kept) if found.finite else None
        if not found.finite or spoilt is not None:
            failure = Failure(float(found.losses[-1]), *(spoilt or ()))
            _restore(kept, before)
            return np.array(losses), failure
        losses += found.losses.tolist()
        done[0] = number + 1
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
        done=None,
        norms=None if updates.norms is None else updates.norms[number : number + 1],
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
