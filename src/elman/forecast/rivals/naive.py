"""The last value, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from elman.forecast.rivals.histories import Histories, forecast_alike, last_values


@dataclass(frozen=True)
class Naive:
    """The last value, again and again: ``y[n + h] = y[n]``.

    Examples
    --------
    >>> Naive()(Histories.of([[1, 2, 3]]), 2, np.array([0, 1]))
    array([[[3., 3.],
            [2., 2.]]])
    """

    name: ClassVar[str] = "naive"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return forecast_alike(histories, horizon, origins, _forecast, rows=1024)


def _forecast(histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
    return np.repeat(last_values(histories.values, origins)[..., None], horizon, axis=2)
