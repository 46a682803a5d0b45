"""Limits: the end of a training when its time is up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from elman.checks import real
from elman.training.callbacks import Callback
from elman.training.state import Training


class TimeLimit(Callback):
    """Ends a training after the update that passes a time.

    Parameters
    ----------
    seconds : float
        From the making of this object to the end.
    """

    adds_logs = False
    side_by_side = True
    one_rank = True

    def __init__(self, seconds: float):
        self.seconds: float = real(seconds, "max_seconds", 0)
        self._end = time.monotonic() + self.seconds

    def part(self, share: float) -> TimeLimit:
        """A limit that ends when so much of the time that is left has passed: others train in the rest of it."""
        found = TimeLimit(self.seconds)
        found._end = self._end - (1 - share) * self.left
        return found

    @property
    def left(self) -> float:
        """Seconds, 0 when none is left."""
        return max(self._end - time.monotonic(), 0.0)

    def on_progress(self, training: Training) -> None:
        self._look(training)

    def on_epoch_end(self, training: Training) -> None:
        self._look(training)

    def _look(self, training: Training) -> None:
        over = training.epoch == training.epochs and training.batch == training.batches
        if not self.left and not over:
            training.paused = True
            training.stop_because(f"max_seconds={self.seconds:g} have passed")


def limited(max_seconds: Any) -> list[Callback]:
    """What ends a training after so many seconds, if any are given.

    Raises
    ------
    OptionError
    """
    return [] if max_seconds is None else [TimeLimit(max_seconds)]


def parted(callbacks: Iterable[Callback], share: float) -> list[Callback]:
    """Callbacks of which limits end when so much of the time that is left has passed."""
    return [each.part(share) if isinstance(each, TimeLimit) else each for each in callbacks]


def shares(networks: int, at_a_time: int) -> Sequence[float]:
    """When each of some networks, of which so many are trained at a time, has to end, as a share of the time of all.

    Of those that are trained one after the other each has its part, and those that end early leave the rest to the
    others.
    """
    first = at_a_time + networks % at_a_time if networks > at_a_time else networks
    ends = [first, *range(first + at_a_time, networks + 1, max(at_a_time, 1))]
    return [next(end for end in ends if end > number) / networks for number in range(networks)]
