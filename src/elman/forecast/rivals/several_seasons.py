"""Exponential smoothing with several seasons, as of the day and the week, and an error that wears off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elman.engine.smoothing import Smoothing, available
from elman.forecast.rivals.ets_fit import MOST, aligned
from elman.forecast.rivals.histories import Histories, forecast_alike, known, mean_of_known
from elman.forecast.rivals.least_squares import least_squares, products_of
from elman.forecast.rivals.seasonal import filled, phase_means
from elman.forecast.rivals.smoothing import at_ends

ALPHA, RHO, LEVEL, GAMMA = range(4)  # rows of parameters; from GAMMA on one rate for each season
SLOWEST = 0.1  # the level's greatest rate: what is faster is an error that wears off
STARTS = ((0.1, 0.5, 0.1), (0.05, 0.9, 0.05), (0.02, 0.9, 0.2))  # alpha, rho, gamma
PASSES = 3  # over the seasons, each found in what the others leave


@dataclass(frozen=True)
class SeveralSeasons:
    """Double seasonal exponential smoothing with autocorrelated errors, ``y = l + s_1 + s_2 + u``.

    ``u[t] = rho u[t - 1] + e[t]`` is an error that wears off; the level and each season learn a share of e.
    Rates and the first level are those of the least squares, first indices come from classical decomposition. A season
    that does not come twice is left out. For hours and half-hours with a day and a week.

    Parameters
    ----------
    seasons : tuple of int, default ()
        Steps of each season; without any, that of the series and a week if it is one of hours, half-hours or quarters.
    name : str, default "several seasons"
        What it is called.

    References
    ----------
    J. W. Taylor, Short-term electricity demand forecasting using double seasonal exponential smoothing, Journal of the
    Operational Research Society 54 (2003).

    Examples
    --------
    >>> hours = np.arange(24.0 * 28)
    >>> load = 50 + np.sin(hours / 24 * 2 * np.pi) + np.cos(hours / 168 * 2 * np.pi)
    >>> forecast = SeveralSeasons()(Histories.of([load[:-24]], season=24), 24, np.array([0]))
    >>> float(abs(forecast[0, 0] - load[-24:]).max().round(3))
    0.0
    """

    seasons: tuple[int, ...] = ()
    name: str = "several seasons"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return forecast_alike(histories, horizon, origins, self._forecast, rows=96)

    def _forecast(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        before, season = known(histories, origins), int(histories.season[0])
        starts = np.argmax(np.isfinite(before), axis=1)
        problem = _Problem(aligned(before, starts), self.seasons or with_week(season))
        x = problem.solved()
        values, ends = aligned(histories.values, starts), before.shape[1] - origins - starts[:, None]
        state = problem.first_state(x, np.arange(len(before)))

        def ahead(index: np.ndarray, t: int) -> np.ndarray:
            faded = x[RHO, index] ** np.arange(1, horizon + 1)[:, None]
            parts = (s[(t + np.arange(horizon)) % len(s)][:, index] for s in state.seasons)
            return state.level[index] + faded * state.error[index] + sum(parts)

        return at_ends(ends, horizon, len(values), _smooth(values, x, state), ahead)


def with_week(season: int) -> tuple[int, ...]:
    """The season of a series, and the day or the week beside it where it is one of hours, half-hours or quarters."""
    return (
        (season, 7 * season) if season in (24, 48, 96) else (season // 7, season) if season in (168, 336) else (season,)
    )


@dataclass
class _State:
    """Level (...), error that wears off (...), and of each season the indices by phase, (m, ...)."""

    level: np.ndarray
    error: np.ndarray
    seasons: list[np.ndarray]


class _Problem:
    """Errors of one step, of parameters, for series (T, S)."""

    def __init__(self, y: np.ndarray, seasons: tuple[int, ...]) -> None:
        self.y = y[: np.flatnonzero(np.isfinite(y).any(1)).max(initial=0) + 1]
        self.indices = _decompose(self.y, [m for m in seasons if m > 1])

    def __call__(self, x: np.ndarray, problems: np.ndarray) -> np.ndarray:
        """Errors (T, C, R) of parameters (P, C, R); problem i S + s is start i of series s."""
        series = problems % self.y.shape[1]
        return np.array(list(_smooth(self.y[:, series], x, self.first_state(x, series))))

    def products(self, x: np.ndarray, problems: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Products of errors and of their slopes, (R, C, C), as `least_squares` wants them."""
        if not available():
            return products_of(self, x, problems, sizes)
        which, one = problems % self.y.shape[1], np.ones(x.shape[1:])
        indices = [s[:, None, which] for s in self.indices]
        rates = {"alpha": x[ALPHA], "beta": one, "phi": x[RHO], "gamma": x[GAMMA:]}  # all of an error is in the next
        first = {"level": x[LEVEL], "trend": 0 * one, "indices": indices}
        return Smoothing(self.y, which, **rates, **first, relative=0 * which, fading=True).products(sizes)

    def first_state(self, x: np.ndarray, series: np.ndarray) -> _State:
        """Where some series start, given parameters (P, ..., R)."""
        seasons = [s[:, series].reshape(len(s), *[1] * (x.ndim - 2), -1) + 0 * x[ALPHA] for s in self.indices]
        return _State(x[LEVEL], 0 * x[ALPHA], seasons)

    def solved(self) -> np.ndarray:
        """Parameters (P, S) of the least squares."""
        count, seasons = self.y.shape[1], len(self.indices)
        plain = self.y - sum(s[np.arange(len(self.y)) % len(s)] for s in self.indices)
        level = np.nan_to_num(mean_of_known(plain[: max([10, *map(len, self.indices)])], 0))
        long = [np.isfinite(self.y).sum(0) >= 2 * len(s) for s in self.indices]  # enough, for their season to learn
        ones = np.ones(count)
        high = np.array([SLOWEST * ones, MOST * ones, np.inf * ones, *(MOST * season for season in long)])
        low = np.where(np.isinf(high), -np.inf, 0.0)
        starts = [[alpha * ones, rho * ones, level, *[gamma * ones] * seasons] for alpha, rho, gamma in STARTS]
        first, turns = np.concatenate(starts, axis=1), (1, len(STARTS))
        x, squares = least_squares(self, first, np.tile(low, turns), np.tile(high, turns), products=self.products)
        best = np.argmin(squares.reshape(len(STARTS), count), axis=0)
        return x[:, best * count + np.arange(count)]


def _decompose(y: np.ndarray, seasons: list[int]) -> list[np.ndarray]:
    """Indices of each season, (m, S): means by phase of what the others leave; 0 where a series is too short."""
    indices, steps = [np.zeros((m, y.shape[1])) for m in seasons], np.arange(len(y))
    whole = filled(y.T, max(seasons, default=1)).T
    for _ in range(PASSES):
        for i, m in enumerate(seasons):
            rest = whole - sum(s[steps % len(s)] for j, s in enumerate(indices) if j != i)
            indices[i] = np.nan_to_num(phase_means(rest.T, m, multiplied=False, from_start=True).T)
    return indices


def _smooth(y: np.ndarray, x: np.ndarray, state: _State) -> Iterator[np.ndarray]:
    """The error of each step, of values (T, R) and parameters (P, ..., R), the state moving along."""
    seen, values = np.isfinite(y), np.nan_to_num(y)
    for t in range(len(y)):
        phases = [s[t % len(s)] for s in state.seasons]
        faded = x[RHO] * state.error
        error = (values[t] - (state.level + faded + sum(phases))) * seen[t]
        yield error
        state.level, state.error = state.level + x[ALPHA] * error, faded + error
        for gamma, phase in zip(x[GAMMA:], phases, strict=True):
            phase += gamma * error
