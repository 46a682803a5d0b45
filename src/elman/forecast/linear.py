"""A linear network without memory: every value ahead is a weighted sum of a window of the past.

The weights are those of ridge regression,

``y[t + k] = base + sum over j of w[k, j] (y[t - j] - y[t])``, with base the value one season before, or ``y[t]``. Long
series with strong seasons leave little more to learn; short ones are not tried. How long the window is, and how far the
weights are drawn to 0, is judged on the newest values before the earliest origin.

Reference: A. Zeng, M. Chen, L. Zhang and Q. Xu, Are transformers effective for time series forecasting?, AAAI 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.forecast.rivals.histories import Histories, checked_origins, known
from elman.forecast.rivals.seasonal import filled
from elman.forecast.views import has_logarithms

SHRINKAGES = (1e-3, 1e-2, 1e-1, 1.0)
WINDOWS = (4, 8, 16, 32)  # beside those of one to three seasons
KEPT = 3  # settings whose mean is taken
MOST = 4000  # windows that weights are found from
_LEAST = 10  # windows at least, beside 1.5 for each weight


@dataclass(frozen=True)
class Linear:
    """Ridge regression from a window to all values ahead, for each series by itself.

    Parameters
    ----------
    seasons : tuple of int
        Further seasons, longer than that of the histories.
    """

    seasons: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return "linear"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says; but NaN for series that are too short."""
        origins = checked_origins(origins)
        found = np.full((len(histories.values), len(origins), horizon), np.nan)
        logged = has_logarithms(known(histories, origins))
        for s in range(len(found)):
            values = histories.values[s, histories.starts[s] :]
            season = int(histories.season[s])
            whole = filled(values[None], season)[0] if np.isnan(values).any() else values
            with np.errstate(all="ignore"):
                curved = np.log(whole) if logged[s] else whole
            made = forecast_linear(curved, horizon, season, self.seasons, len(curved) - origins)
            if made is not None:
                with np.errstate(over="ignore"):
                    found[s] = np.exp(np.minimum(made, 700)) if logged[s] else made
        return found


def forecast_linear(
    z: np.ndarray, horizon: int, season: int, longer: Sequence[int], ends: np.ndarray
) -> np.ndarray | None:
    """Forecasts (K, H) from places `ends` of one series, weights found before the first of them; None if too short."""
    before = z[: max(int(ends.min()), 0)]
    if not np.isfinite(before).all() or len(before) < 3 or before.min() == before.max():
        return None
    windows = usable_windows(len(before), horizon, season, longer)
    if not windows:
        return None
    settings = _best_settings(before, horizon, season, windows)
    return np.mean([_fit(before, horizon, season, w, (r,)).forecast(z, ends)[0] for w, r in settings], axis=0)


def usable_windows(n: int, horizon: int, season: int, longer: Sequence[int]) -> list[int]:
    """Lengths of windows of which a series of n values, without two horizons, has enough to find the weights from."""
    seasons = [k * season + 1 for k in (1, 2, 3)] if season > 1 else []
    wanted = {*WINDOWS, *seasons, *(m + 1 for m in longer), *(2 * m + 1 for m in longer[-1:])}
    return sorted(w for w in wanted if w > season and n - 2 * horizon - w > 1.5 * w + _LEAST)


def _best_settings(z: np.ndarray, horizon: int, season: int, windows: list[int]) -> list[tuple[int, float]]:
    """Windows and shrinkages that forecast the newest values best."""
    step = max(horizon // 2, 1)
    count = int(np.clip((len(z) - horizon) // (4 * step) - 1, 1, 12))
    ends = len(z) - horizon - step * np.arange(count)
    ends = ends[ends >= windows[-1] * 2.5 + horizon + _LEAST] if count > 1 else ends
    ends = ends if len(ends) else np.array([len(z) - horizon])
    truth = np.stack([z[e : e + horizon] for e in ends])
    errors = {}
    for window in windows:
        made = _fit(z[: ends.min()], horizon, season, window, SHRINKAGES).forecast(z, ends)
        for shrinkage, forecast in zip(SHRINKAGES, made, strict=True):
            errors[window, shrinkage] = float(np.abs(forecast - truth).mean())
    return sorted(errors, key=errors.__getitem__)[:KEPT]


@dataclass(frozen=True)
class _Weights:
    """Of one window and several shrinkages: (R, window, H), for values in a unit."""

    weights: np.ndarray
    unit: float
    places: np.ndarray

    def forecast(self, z: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Forecasts from several ends, (R, K, H)."""
        window = self.weights.shape[1]
        past = np.stack([z[e - window : e] for e in ends])
        return _inputs(past, self.unit) @ self.weights * self.unit + past[:, self.places]


def _fit(z: np.ndarray, horizon: int, season: int, window: int, shrinkages: Sequence[float]) -> _Weights:
    """Weights of ridge regression: all shrinkages from one decomposition of the products of inputs."""
    view = np.lib.stride_tricks.sliding_window_view
    past, ahead = view(z[:-horizon], window)[-MOST:], view(z[window:], horizon)[-MOST:]
    places = np.arange(horizon) % season - season  # of what came a season before
    unit = float(np.sqrt(np.mean(np.square(past - past[:, -1:])))) or 1.0
    x, y = _inputs(past, unit), (ahead - past[:, places]) / unit
    strengths, axes = np.linalg.eigh(x.T @ x / len(x))
    along = axes.T @ (x.T @ y / len(x))
    drawn = np.maximum(strengths, 0)[None, :] + np.array(shrinkages)[:, None]
    return _Weights(axes @ (along / drawn[..., None]), unit, places)


def _inputs(past: np.ndarray, unit: float) -> np.ndarray:
    """Distances of a window's values from its last, in place of which there is a 1."""
    return np.concatenate([(past[:, :-1] - past[:, -1:]) / unit, np.ones((len(past), 1))], axis=1)
