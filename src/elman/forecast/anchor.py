"""How far forecasts of a network may leave a naive one: as far as that paid on values that it did not train on.

A network that feeds its forecasts back to itself sums up what it errs by in each step: after a level shift it would
drift, and its first step may jump. So its forecast is blended with the naive one, or the seasonal naive one where that
erred less,

    forecast = naive + weight (network - naive),

with the weight in [0, 1] that least squares finds on the values that judged the epochs. Where nothing moved there, the
weight is 0 and the last value stays; where the network foretold all that happened, it is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Anchor:
    """A naive forecast, and the weight of the network beside it.

    Parameters
    ----------
    season : int
        1 for naive, which repeats the last value; m for seasonal naive, which repeats the last m.
    weight : float
        In [0, 1]; 1 is the network alone.
    """

    season: int = 1
    weight: float = 1.0

    def naive(self, histories: np.ndarray, horizon: int) -> np.ndarray:
        """The naive forecasts (B, H) that follow histories (B, n)."""
        places = np.arange(horizon) % self.season - self.season
        return histories[:, places]

    def blend(self, forecasts: np.ndarray, histories: np.ndarray) -> np.ndarray:
        """Forecasts (B, H) of the network, drawn towards the naive ones."""
        naive = self.naive(histories, forecasts.shape[1])
        return naive + self.weight * (forecasts - naive)


def choose_anchor(forecasts: np.ndarray, actual: np.ndarray, histories: np.ndarray, season: int | None) -> Anchor:
    """The naive forecast that erred less, and the weight of the network that errs least beside it.

    Parameters
    ----------
    forecasts, actual : array, shape (B, H)
        What a network said, and what happened.
    histories : array, shape (B, n)
        What was known.
    season : int or None
        Steps of a season.
    """
    seasons = [1] if season is None or season > histories.shape[1] else [1, season]
    unit = np.abs(actual - histories[:, -1:]).max() or 1.0  # so that squares of huge or tiny values stay in range
    errors = {m: np.square((actual - Anchor(m).naive(histories, actual.shape[1])) / unit).mean() for m in seasons}
    best = min(errors, key=errors.__getitem__)
    naive = Anchor(best).naive(histories, actual.shape[1])
    return Anchor(best, _weight((forecasts - naive) / unit, (actual - naive) / unit))


def _weight(said: np.ndarray, happened: np.ndarray) -> float:
    """Of least squares, happened = weight * said, in [0, 1]."""
    unit = np.abs(said).max()
    if not 0 < unit < np.inf:
        return 0.0
    said = said / unit
    return float(np.clip(np.sum(said * happened) / np.sum(said * said) / unit, 0.0, 1.0))
