"""The recurrence of exponential smoothing, for many series and many parameters at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Rates:
    """What the states of a smoother learn from an error; 0 where there is no such state.

    ``alpha`` for the level, ``beta`` for the trend, ``gamma`` for the season, and ``phi``, what is left of a trend
    after a step.
    """

    alpha: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    gamma: np.ndarray

    def of(self, index: np.ndarray) -> Rates:
        """Those of some series."""
        return Rates(self.alpha[index], self.beta[index], self.phi[index], self.gamma[index])


@dataclass
class State:
    """Level and trend (...), and the season's indices by phase, (m, ...)."""

    level: np.ndarray
    trend: np.ndarray
    season: np.ndarray

    def of(self, index: np.ndarray) -> State:
        """That of some series."""
        return State(self.level[index], self.trend[index], self.season[:, index])


def smooth(y: np.ndarray, rates: Rates, state: State, season: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Forecast and error of each step, ``state`` moving along.

    With ``q = l + phi b`` the forecast is ``q``, ``q + s`` or ``q s``. The level and the trend learn from the error
    ``e`` (or ``e / s``), the season from ``e`` (or ``e / q``). These are the equations of models with additive errors
    and, as their states learn the same from a relative error, of those with multiplicative ones. A missing value
    teaches nothing.

    Parameters
    ----------
    y : array, shape (T, R)
        Values by step; NaN where one is missing.
    rates : Rates
        Of shape (..., R).
    state : State
        Of shapes (..., R) and (m, ..., R); changed in place.
    season : {"none", "added", "multiplied"}
        What the season does.

    References
    ----------
    R. J. Hyndman, A. B. Koehler, R. D. Snyder, S. Grose, A state space framework for automatic forecasting using
    exponential smoothing methods, International Journal of Forecasting 18 (2002).
    """
    seen, values = np.isfinite(y), np.nan_to_num(y)
    complete = seen.all(1)
    for t in range(len(y)):
        fallen = rates.phi * state.trend
        q = state.level + fallen
        phase = state.season[t % len(state.season)]
        forecast = q if season == "none" else q + phase if season == "added" else q * phase
        error = values[t] - forecast
        if not complete[t]:
            error *= seen[t]
        yield forecast, error
        lesson = error / phase if season == "multiplied" else error
        state.level = q + rates.alpha * lesson
        state.trend = fallen + rates.beta * lesson
        if season != "none":
            phase += rates.gamma * (error / q if season == "multiplied" else error)


def ahead(state: State, phi: np.ndarray, steps: int, horizon: int, season: str) -> np.ndarray:
    """Forecasts of the next values after `steps` steps, (H, R)."""
    damped = np.cumsum(phi ** np.arange(1, horizon + 1)[:, None], axis=0)
    line = state.level + damped * state.trend
    indices = state.season[(steps + np.arange(horizon)) % len(state.season)]
    return line if season == "none" else line + indices if season == "added" else line * indices


def at_ends(
    ends: np.ndarray,
    horizon: int,
    length: int,
    steps: Iterator[Any],
    forecast: Callable[[np.ndarray, int], np.ndarray],
) -> np.ndarray:
    """Forecasts after the first `ends` (R, K) steps of each of R series, (R, K, H); NaN where that is none.

    Parameters
    ----------
    steps : iterator
        Each turn of it takes the states of all series a step on, `length` of them.
    forecast : callable
        Of the numbers of some series and the steps that they have made; gives (H, R') from their states.
    """
    result = np.full((*ends.shape, horizon), np.nan)
    asked = set(ends[(ends > 0) & (ends <= length)].tolist())
    for t in range(max(asked, default=-1) + 1):
        next(steps, None)  # the states are those after t steps
        if t in asked:
            r, k = np.nonzero(ends == t)
            result[r, k] = forecast(r, t).T
    return result
