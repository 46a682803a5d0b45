"""The moments of batch normalisation for weights that no training went through, such as their average."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from elman.engine.interface import How, Updates
from elman.engine.plan import OptimizerProgram
from elman.training.parts import Part
from elman.training.program import trace_program
from elman.training.protocol import Trainable, Trainer


def estimate_moments(
    net: Trainable,
    trainer: Trainer,
    parts: Iterable[Part],
    keys: np.ndarray,
    how: How,
    carried: Sequence[np.ndarray] | None = None,
) -> None:
    """Give a network the mean moments of some batches as it is in training, with dropout; nothing without meetings.

    Parameters
    ----------
    net : Network
        Whose running moments are replaced; all else stays.
    trainer : Trainer
        Of the network.
    parts : iterable of Part
        The batches.
    keys : array (batches,)
        Dropout's key of each.
    how : How
        How they go through time.
    carried : list of arrays (B, H), optional
        States that go from batch to batch.

    References
    ----------
    P. Izmailov et al., Averaging weights leads to wider optima and better generalization, UAI 2018, section 3.2.
    """
    kept = _places(trainer)
    if not len(kept):
        return
    nothing = trace_program(lambda w, g: w, (), (), "no update")
    place, share = kept.T
    total, count, places = np.zeros(len(kept)), 0, place.astype(int)
    weights = net.arena.copy()
    with np.errstate(all="ignore"):
        for part in parts:
            for number in range(len(part)):
                weights[places] = 0
                batch = part.some(number, number + 1)
                updates = _no_update(nothing, batch, keys[count : count + 1], carried)
                if trainer.train(weights, part.examples.batch, updates, how).finite:  # else it has no moments
                    total += weights[places] / share
                    count += 1
    if count:
        with net.params.writing() as arena:
            arena[places] = total / count


def _places(trainer: Trainer) -> np.ndarray:
    """Where each running moment lies, and what a batch counts in it, (moments, 2)."""
    plan, found = trainer.plan, []
    for meeting in plan.meetings:
        width = plan.slots[meeting.source.slot].width
        for first in (meeting.mean, meeting.variance):
            found += [(place, 1 - meeting.momentum) for place in range(first, first + width) if first >= 0]
    return np.array(found).reshape(-1, 2)


def _no_update(
    program: OptimizerProgram,
    batch: tuple[np.ndarray, np.ndarray],
    keys: np.ndarray,
    carried: Sequence[np.ndarray] | None,
) -> Updates:
    """An update that changes no parameter."""
    return Updates(batch, program, [], np.zeros((1, 1, 0)), keys, carried=carried, spans=())
