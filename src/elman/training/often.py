"""How often a training is written, as a user says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import shown, whole
from elman.errors import OptionError

USUAL = "10 min"
SECONDS = {"s": 1, "sec": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hours": 3600}
_EVERY = "a time, as '30 s', '10 min' or '2 h', or a whole number of updates"
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


@dataclass(frozen=True)
class Every:
    """How often a training is written: after so many seconds, or each so many updates.

    Examples
    --------
    >>> Every.of("10 min"), Every.of(500)
    (Every(seconds=600.0, updates=None), Every(seconds=inf, updates=500))
    """

    seconds: float = float("inf")
    updates: int | None = None

    @classmethod
    def of(cls, given: Any) -> Every:
        """What a user says."""
        if not isinstance(given, str):
            if isinstance(given, bool) or not isinstance(given, int | np.integer):
                raise OptionError(f"every is {shown(given)}; expected {_EVERY}")
            return cls(updates=whole(given, "every", most=10**15))
        found = _WRITTEN.fullmatch(given)
        if found is None and given.strip().isdigit():
            return cls.of(int(given))
        if found is None or found[2] not in SECONDS:
            raise OptionError(f"every is {given!r}; expected {_EVERY}")
        return cls(seconds=float(found[1]) * SECONDS[found[2]])

    def left(self, updates: int) -> int | None:
        """How many updates there are to the next that is written; None where they do not say."""
        return None if self.updates is None else self.updates - updates % self.updates
