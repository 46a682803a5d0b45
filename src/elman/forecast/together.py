"""Methods that are found together: several forecasts of one fit, each a method of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.forecast.rivals.histories import Histories

Source = Callable[[Histories, int, np.ndarray], np.ndarray]


@dataclass
class Together:
    """Several forecasts, (N, S, K, H), which are made once for all methods that are asked one after the other.

    Parameters
    ----------
    source : callable
        Makes them, of histories, a horizon and origins.
    """

    source: Source
    _asked: tuple[Any, ...] = field(default=(), repr=False)
    _made: np.ndarray | None = field(default=None, repr=False)

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """What was made for the same histories, or what is made now."""
        asked = (horizon, tuple(np.ravel(origins).tolist()))
        if self._made is None or self._asked[0] is not histories or self._asked[1:] != asked:
            self._made = self.source(histories, horizon, origins)
            self._asked = (histories, *asked)
        return self._made


@dataclass(frozen=True)
class Part:
    """One of the forecasts that are made together, as `Rival` says."""

    of: Together
    number: int
    name: str

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H)."""
        return self.of(histories, horizon, origins)[self.number]
