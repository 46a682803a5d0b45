"""The last season, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from elman.forecast.rivals.histories import Histories, forecast_alike, held
from elman.forecast.rivals.seasonal import by_phase


@dataclass(frozen=True)
class SeasonalNaive:
    """The last season, again and again: ``y[n + h] = y[n + h - k m]`` with the smallest k that has a value.

    A series that is shorter than a season has its last value instead.

    Examples
    --------
    >>> SeasonalNaive()(Histories.of([[1, 2, 3, 4]], season=3), 5, np.array([0]))
    array([[[2., 3., 4., 2., 3.]]])
    """

    name: ClassVar[str] = "seasonal naive"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return forecast_alike(histories, horizon, origins, _forecast, rows=1024)


def _forecast(histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
    season, length = int(histories.season[0]), histories.values.shape[1]
    cycles = by_phase(histories.values, season)
    series, count, _ = cycles.shape
    newest = held(cycles.transpose(0, 2, 1).reshape(-1, count)).reshape(series, season, count).transpose(0, 2, 1)
    flat = np.pad(newest.reshape(series, -1), [(0, 0), (season, 0)], constant_values=np.nan)
    ends = np.maximum(length - origins, 0) + flat.shape[1] - length  # (K,)
    return flat[:, ends[:, None] - season + np.arange(horizon) % season]
