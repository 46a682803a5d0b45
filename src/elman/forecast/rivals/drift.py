"""The line through the first and the last value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from elman.forecast.rivals.histories import Histories, at_origins, forecast_alike, held, last_places


@dataclass(frozen=True)
class Drift:
    """The line through the first and the last value: ``y[n + h] = y[n] + h (y[n] - y[1]) / (n - 1)``.

    Examples
    --------
    >>> Drift()(Histories.of([[1, 5, 3]]), 2, np.array([0]))
    array([[[4., 5.]]])
    """

    name: ClassVar[str] = "drift"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return forecast_alike(histories, horizon, origins, _forecast, rows=1024)


def _forecast(histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
    values, length = histories.values, histories.values.shape[1]
    first = np.argmax(np.isfinite(values), axis=1)[:, None]  # (S, 1)
    last, place = at_origins(held(values), origins), at_origins(last_places(values), origins)  # (S, K)
    slope = (last - np.take_along_axis(values, first, 1)) / np.maximum(place - first, 1)
    steps = (length - origins - place - 1)[..., None] + np.arange(1, horizon + 1)
    return last[..., None] + slope[..., None] * steps
