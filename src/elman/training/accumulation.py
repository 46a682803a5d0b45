"""Accumulation: updates from several batches, whose gradients are added one after the other."""

from __future__ import annotations

import numpy as np

from elman.engine.interface import Engine
from elman.errors import OptionError
from elman.training.examples import Examples
from elman.training.protocol import Trainer
from elman.training.ranks import Alone, Ranks
from elman.training.sharded import Sharded


def check_accumulate(accumulate: int, stateful: bool, ranks: Ranks | None) -> None:
    """Refuse what does not go with updates from several batches.

    Raises
    ------
    OptionError
    """
    if accumulate > 1 and stateful:
        raise OptionError(
            f"accumulate={accumulate} does not go with stateful=True, where a batch begins with the states in which "
            "the one before ended, after its update: give a larger batch_size, or accumulate=1"
        )
    if accumulate > 1 and ranks is not None:
        raise OptionError(
            f"accumulate={accumulate} does not go with ranks, which add the gradients of their shards already, one "
            f"shard at a time: give a batch_size {accumulate} times as large, and the ranks more shards (shards=...)"
        )


class Accumulating(Sharded):
    """What does updates from several batches in the memory of one: one rank with as many shards.

    Parameters
    ----------
    engine : Engine
    data : Examples
        Of which the batches are rows.
    batches : int
        How many make an update.

    Raises
    ------
    OptionError
        If rows of the network meet.
    """

    def __init__(self, engine: Engine, data: Examples, batches: int):
        if engine.plan.meetings:
            raise OptionError(
                "the network has batch normalisation, which takes the moments of all rows of an update, and "
                f"accumulate={batches} has some of them at a time: use LayerNorm in place of BatchNorm, or accumulate=1"
            )
        self.data: Examples = data
        counts = [goal.totals(np.arange(len(data))) for goal in (*data.judged, *data.penalties)]
        super().__init__(engine, Alone(batches), counts)


def accumulating(engine: Engine, data: Examples, batches: int, last: Trainer | None) -> Accumulating:
    """What does updates of an engine and data: the last one, where it is of these."""
    if isinstance(last, Accumulating) and last.engine is engine and last.data is data:
        return last
    return Accumulating(engine, data, batches)
