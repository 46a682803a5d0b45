"""A linear network without memory: every value ahead is a weighted sum of a window of the past.

The weights are those of ridge regression,

``y[t + k] = base + sum over j of w[k, j] (y[t - j] - y[t])``, with base the value one season before, or ``y[t]``. Long
series with strong seasons leave little more to learn; short ones are not tried. How long the window is, and how far the
weights are drawn to 0, is judged on the newest values before the earliest origin.

Reference: A. Zeng, M. Chen, L. Zhang and Q. Xu, Are transformers effective for time series forecasting?, AAAI 2023.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elman.engine.blas import one_blas_thread
from elman.forecast.rivals.histories import Histories, checked_origins, known
from elman.forecast.rivals.seasonal import filled
from elman.forecast.side_by_side import side_by_side
from elman.forecast.views import has_logarithms

SHRINKAGES = (1e-3, 1e-2, 1e-1, 1.0)
WINDOWS = (4, 8, 16, 32)  # beside those of one to three seasons
KEPT = 3  # settings whose mean is taken
MOST = 4000  # windows that weights are found from
AT_ONCE = 4000  # values of series whose weights are found side by side
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

        def work(rows: np.ndarray) -> None:
            length, season = int(histories.lengths[rows[0]]), int(histories.season[rows[0]])
            values = histories.values[rows, histories.values.shape[1] - length :]
            with np.errstate(all="ignore"):
                whole = filled(values, season)
                curved = np.where(logged[rows, None], np.log(whole), whole)
                made = forecast_linear(curved, horizon, season, self.seasons, length - origins)
                found[rows] = np.where(logged[rows, None, None], np.exp(np.minimum(made, 700)), made)

        with one_blas_thread():
            side_by_side(work, _alike(histories))
        return found


def _alike(histories: Histories) -> Iterator[np.ndarray]:
    """Numbers of series that have a length and a season in common, few enough to lay their windows out at once."""
    order = np.lexsort((histories.lengths, histories.season))
    keys = np.stack([histories.season[order], histories.lengths[order]])
    borders = np.flatnonzero((keys[:, 1:] != keys[:, :-1]).any(0)) + 1
    for rows in np.split(order, borders):
        if len(rows) and histories.lengths[rows[0]]:
            at_once = max(AT_ONCE // int(histories.lengths[rows[0]]), 1)
            yield from np.array_split(rows, -(-len(rows) // at_once))


def forecast_linear(z: np.ndarray, horizon: int, season: int, longer: Sequence[int], ends: np.ndarray) -> np.ndarray:
    """Forecasts (R, K, H) from places `ends` (K,) of series (R, n), weights found before the first of them.

    NaN where a series is too short for that, constant or not known.
    """
    before = z[:, : max(int(ends.min()), 0)]
    found = np.full((len(z), len(ends), horizon), np.nan)
    windows = usable_windows(before.shape[1], horizon, season, longer)
    rows = np.flatnonzero(np.isfinite(before).all(1) & (before.min(1, initial=np.inf) < before.max(1, initial=-np.inf)))
    if not windows or not len(rows):
        return found
    chosen = _best_settings(before[rows], horizon, season, windows)  # (R, W, S)
    total = np.zeros((len(rows), len(ends), horizon))
    for number, window in enumerate(windows):
        some = np.flatnonzero(chosen[:, number].any(1))
        if len(some):
            made = _fit(before[rows[some]], horizon, season, window).forecast(z[rows[some]], ends)
            total[some] += np.where(chosen[some, number][..., None, None], made, 0.0).sum(1)
    found[rows] = total / min(KEPT, chosen[0].size)
    return found


def usable_windows(n: int, horizon: int, season: int, longer: Sequence[int]) -> list[int]:
    """Lengths of windows of which a series of n values, without two horizons, has enough to find the weights from."""
    seasons = [k * season + 1 for k in (1, 2, 3)] if season > 1 else []
    wanted = {*WINDOWS, *seasons, *(m + 1 for m in longer), *(2 * m + 1 for m in longer[-1:])}
    return sorted(w for w in wanted if w > season and n - 2 * horizon - w > 1.5 * w + _LEAST)


def _best_settings(z: np.ndarray, horizon: int, season: int, windows: list[int]) -> np.ndarray:
    """Which windows and shrinkages forecast the newest values of each series best, as bool (R, W, S)."""
    step, n = max(horizon // 2, 1), z.shape[1]
    count = int(np.clip((n - horizon) // (4 * step) - 1, 1, 12))
    ends = n - horizon - step * np.arange(count)
    ends = ends[ends >= windows[-1] * 2.5 + horizon + _LEAST] if count > 1 else ends
    ends = ends if len(ends) else np.array([n - horizon])
    truth = z[:, ends[:, None] + np.arange(horizon)]
    errors = np.empty((len(z), len(windows), len(SHRINKAGES)))
    for number, window in enumerate(windows):
        made = _fit(z[:, : ends.min()], horizon, season, window).forecast(z, ends)
        errors[:, number] = np.abs(made - truth[:, None]).mean((2, 3))
    order = np.argsort(errors.reshape(len(z), -1), axis=1, kind="stable")
    ranks = np.argsort(order, axis=1, kind="stable")
    return (ranks < KEPT).reshape(errors.shape)


@dataclass(frozen=True)
class _Weights:
    """Of one window of several series, for all shrinkages: (R, S, window, H), for values in units (R,)."""

    weights: np.ndarray
    unit: np.ndarray
    places: np.ndarray

    def forecast(self, z: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Forecasts from several ends, (R, S, K, H)."""
        past = z[:, ends[:, None] + np.arange(-self.weights.shape[2], 0)]
        moved = _inputs(past, self.unit)[:, None] @ self.weights
        return moved * self.unit[:, None, None, None] + past[:, None, :, self.places]


def _fit(z: np.ndarray, horizon: int, season: int, window: int) -> _Weights:
    """Weights of ridge regression for all shrinkages, of series (R, n)."""
    view = np.lib.stride_tricks.sliding_window_view
    past, ahead = view(z[:, :-horizon], window, 1)[:, -MOST:], view(z[:, window:], horizon, 1)[:, -MOST:]
    places = np.arange(horizon) % season - season  # of what came a season before
    unit = np.sqrt(np.mean(np.square(past - past[..., -1:]), axis=(1, 2)))
    unit = np.where(unit > 0, unit, 1.0)
    x, y = _inputs(past, unit), (ahead - past[..., places]) / unit[:, None, None]
    turned = x.transpose(0, 2, 1)
    products = (turned @ x / x.shape[1])[:, None] + np.array(SHRINKAGES)[:, None, None] * np.eye(window)
    return _Weights(np.linalg.solve(products, (turned @ y / x.shape[1])[:, None]), unit, places)


def _inputs(past: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Distances of windows' values from their last, in place of which there is a 1."""
    near = (past[..., :-1] - past[..., -1:]) / unit[:, None, None]
    return np.concatenate([near, np.ones((*past.shape[:2], 1))], axis=2)
