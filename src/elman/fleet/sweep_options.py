"""What a user says of a sweep beside estimator, data and what is tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elman import checks
from elman.errors import OptionError
from elman.fleet.sweep_store import Row

AT_ONCE = 4  # settings that are proposed together, whatever the number of processes


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Attributes
    ----------
    row : Row
        The trial that has just ended.
    ended, planned : int
        Trials that have, and those of the whole sweep.
    best : float or None
        The best score of a trial so far.
    left : float
        Seconds to the end, as the trials of this call go.

    Examples
    --------
    >>> import elman as el
    >>> def tell(progress: el.fleet.Progress) -> None:
    ...     print(f"{progress.ended} of {progress.planned}")
    """

    row: Row
    ended: int
    planned: int
    best: float | None
    left: float


Watch = Callable[[Progress], Any]


@dataclass(frozen=True)
class Options:
    """What a user says of a sweep, beside estimator, data and space; see `sweep`."""

    trials: int | None = None
    seeds: Any = 1
    measure: str | None = None
    jobs: int | None = None
    budget: float | None = None
    at_once: int = AT_ONCE
    retry: bool = False
    watch: Watch = lambda progress: None

    def __post_init__(self) -> None:
        if self.trials is not None:
            checks.whole(self.trials, "trials", most=10**6)
        if self.jobs is not None:
            checks.jobs(self.jobs, "jobs")
        if self.budget is not None:
            checks.real(self.budget, "budget", 0)
        checks.whole(self.at_once, "at_once", most=10**4)
        checks.flag(self.retry, "retry")
        object.__setattr__(self, "seeds", _seeds(self.seeds))

    @property
    def until(self) -> float | None:
        """When the budget is spent, of a sweep that begins now."""
        return None if self.budget is None else time.time() + self.budget


def _seeds(given: Any) -> list[int]:
    """So many, from 0; or those of a list."""
    if checks.is_number(given):
        return list(range(checks.whole(given, "seeds", most=10**4)))
    found = [checks.whole(seed, "a seed", 0, 2**62) for seed in checks.listed(given, "seeds", "whole numbers")]
    if not found or len(set(found)) < len(found):
        raise OptionError(f"seeds is {checks.shown(given)}; expected a number of them, or different whole numbers")
    return found
