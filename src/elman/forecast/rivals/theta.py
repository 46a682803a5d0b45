"""The theta method: simple exponential smoothing that drifts along a part of the linear trend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elman.engine import smoothing
from elman.forecast.rivals.histories import Histories, at_origins, forecast_alike, known, mean_of_known
from elman.forecast.rivals.lines import ages, lines_through
from elman.forecast.rivals.seasonal import indices_where_seasonal

LOWEST = 0.1  # rate, as in the papers


@dataclass(frozen=True)
class Theta:
    """The theta method, ``y[n + h] = l[n] + c ((1 - a)^n A + (1 - (1 - a)^(n + 1)) / a B + (h - 1) B)``.

    l is the level of simple exponential smoothing with rate a, A + B t the line of least squares through the series,
    ``c = 1 - 1 / theta``. A season that is found is divided out before, and put back. The rate and the first level are
    those of the least squared errors one step ahead.

    Parameters
    ----------
    dynamic : bool, default False
        Whether each step sees the line through the values before it, in place of that through all, and theta is
        estimated too (the dynamic optimised theta method); otherwise it is 2, which won the M3 competition.

    References
    ----------
    V. Assimakopoulos and K. Nikolopoulos, The theta model: a decomposition approach to forecasting; R. J. Hyndman and
    B. Billah, Unmasking the Theta method; J. A. Fiorucci et al., Models for optimising the theta method and their
    relationship to state space models. International Journal of Forecasting 16 (2000), 19 (2003) and 32 (2016).

    Examples
    --------
    >>> Theta()(Histories.of([np.arange(1.0, 31.0)]), 3, np.array([0])).round(2)
    array([[[30.5, 31. , 31.5]]])
    """

    dynamic: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return "dynamic theta" if self.dynamic else "theta"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return forecast_alike(histories, horizon, origins, self._forecast, rows=256)

    def _forecast(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        before = known(histories, origins)
        indices = indices_where_seasonal(before, int(histories.season[0]))
        plain, before = indices.taken_from(histories.values), indices.taken_from(before)
        centre = np.nan_to_num(mean_of_known(before, 1))[:, None]
        spread = np.abs(np.nan_to_num(before - centre)).max(1)[:, None]
        spread = np.where(spread > 1e-14 * np.abs(centre), spread, 1.0)
        forecasts = self._of_plain((plain - centre) / spread, (before - centre) / spread, horizon, origins)
        return indices.put_into(forecasts * spread[..., None] + centre[..., None], origins)

    def _of_plain(self, values: np.ndarray, before: np.ndarray, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts of series without a season, (S, K, H)."""
        lines = lines_through(values)  # (2, S, T)
        if not self.dynamic:
            lines = _fixed_within(lines, before)
        alpha, level, share = self._estimate(before, lines)
        levels = _levels(values, lines, alpha, level, share)
        now, start, slope, age = (at_origins(a, origins) for a in (levels, *lines, ages(values)))
        power, a, c = (1 - alpha[:, None]) ** age, alpha[:, None], share[:, None]
        first = now + c * (power * start + (1 - power * (1 - a)) / a * slope)
        return first[..., None] + (c * slope)[..., None] * np.arange(horizon)

    def _estimate(self, before: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, ...]:
        """Rate, first level and share of the line, (S,) each, on a grid that is made finer twice."""
        known_until = np.flatnonzero(np.isfinite(before).any(0)).max(initial=0) + 1
        before, lines = before[:, :known_until], lines[:, :, :known_until]
        grid = np.linspace(LOWEST, 1, 24)[:, None].repeat(len(before), axis=1)
        for step in (grid[1, 0] - grid[0, 0]) / np.array([4, 16, 64]):
            best = self._best(before, lines, grid)
            grid = np.clip(best[0] + step * np.arange(-4, 5)[:, None], LOWEST, 1)
        return self._best(before, lines, grid)

    def _best(self, before: np.ndarray, lines: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, ...]:
        """The best of candidates (C, S): the errors are linear in the first level and the share, which are solved for.

        With the level and the share 0 an error is ``e``; it falls by u for each unit of level, by v for each of share.
        """
        skipped = 2 if self.dynamic else 0  # a line needs two values
        ee, eu, ev, uu, uv, vv = _moments(before, lines, alpha, skipped)
        share = np.full(alpha.shape, 0.5)
        if self.dynamic:
            determinant = uu * vv - uv**2
            solved = (ev * uu - eu * uv) / determinant
            share = np.where(determinant > 1e-9 * uu * vv, np.clip(solved, 0, 1), share)
        level = np.where(uu > 0, (eu - share * uv) / np.where(uu > 0, uu, 1), 0.0)
        squares = ee + level**2 * uu + share**2 * vv - 2 * (level * eu + share * ev - level * share * uv)
        best = np.argmin(squares, axis=0)[None]
        return tuple(np.take_along_axis(a, best, 0)[0] for a in (alpha, level, share))


def _fixed_within(lines: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Lines as they are at the end of what parameters are estimated on, for all steps within it."""
    columns = np.arange(before.shape[1])
    end = np.where(np.isfinite(before), columns, 0).max(1)[:, None]
    return np.take_along_axis(lines, np.broadcast_to(np.maximum(columns, end), lines.shape), 2)


def _moments(before: np.ndarray, lines: np.ndarray, alpha: np.ndarray, skipped: int) -> np.ndarray:
    """Sums of products of the errors and their two slopes, (6, C, S)."""
    if smoothing.available():
        return smoothing.theta_moments(before, lines, alpha, skipped)
    y, counted = np.nan_to_num(before), np.isfinite(before) & (ages(before) > skipped)
    sums = np.zeros((6, *alpha.shape))
    for t, (base, u, drift, line) in zip(range(before.shape[1]), _smooth(before, lines, alpha), strict=False):
        seen = counted[:, t]
        e, u, v = (y[:, t] - base) * seen, u * seen, (drift + line) * seen
        for total, product in zip(sums, (e * e, e * u, e * v, u * u, u * v, v * v), strict=True):
            total += product
    return sums


def _smooth(values: np.ndarray, lines: np.ndarray, alpha: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """The three parts of the level before each step and after the last, and the line's part in the next value.

    With d the first level and c the share, the level is ``base + d u + c drift`` and the forecast ``level + c line``.
    All parts smooth, ``l += alpha (y - l)``; where a value is missing the level follows its own forecast.
    """
    alive, seen, y = ages(values) > 0, np.isfinite(values), np.nan_to_num(values)
    start, slope = np.concatenate([lines[:, :, :1], lines], axis=2)  # as they were before each step
    base, u, drift, power = np.zeros_like(alpha), np.ones_like(alpha), np.zeros_like(alpha), np.ones_like(alpha)
    for t in range(values.shape[1]):
        line = power * start[:, t] + (1 - power * (1 - alpha)) / alpha * slope[:, t]
        yield base, u, drift, line
        rate = alpha * seen[:, t]
        base = base + rate * (y[:, t] - base)
        u = u - rate * u
        drift = drift - rate * drift + (alpha * alive[:, t] - rate) * line
        power = np.where(alive[:, t], power * (1 - alpha), power)
    yield base, u, drift, np.zeros_like(alpha)


def _levels(
    values: np.ndarray, lines: np.ndarray, alpha: np.ndarray, level: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """The level after each step, (S, T)."""
    if smoothing.available():
        return smoothing.theta_levels(values, lines, alpha, level, share)
    parts = list(_smooth(values, lines, alpha))[1:]
    return np.stack([base + level * u + share * drift for base, u, drift, _ in parts], axis=1)
