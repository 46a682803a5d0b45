"""Parameters, first states and forms of exponential smoothing, estimated for many series at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.forecast.rivals.akaike import criteria_of
from elman.forecast.rivals.least_squares import least_squares
from elman.forecast.rivals.lines import lines_through
from elman.forecast.rivals.seasonal import filled, phase_means
from elman.forecast.rivals.smoothing import Rates, State, smooth

ALPHA, BETA, PHI, GAMMA, LEVEL, TREND, SEASON = range(7)  # rows of parameters; from SEASON on the first indices
LEAST, MOST = 1e-4, 0.9999  # of rates
DAMPED = (0.8, 0.98)
LONGEST = 12  # season whose first indices are estimated, not only found by decomposition
# Where the search for rates starts, as alpha, beta and gamma: there are two valleys where a season may change.
STEADY = [(alpha, beta, 0.05) for alpha in (0.05, 0.2, 0.5, 0.9) for beta in (0.05, 0.4)]
MOVING = [(alpha, 0.05, gamma) for alpha in (0.05, 0.1, 0.2, 0.5) for gamma in (0.3, 0.8)]
KINDS = {"N": "none", "A": "added", "M": "multiplied"}  # of seasons, as `smooth` calls them


@dataclass(frozen=True)
class Form:
    """One kind of exponential smoothing, as ``ETS(A, Ad, M)`` is called: A added, M multiplied, N none, Ad damped."""

    error: str
    trend: str
    season: str

    @property
    def name(self) -> str:
        """As in "AAdN"."""
        return self.error + self.trend + self.season

    def count(self, season: int) -> int:
        """How many numbers are estimated: rates, first states and the variance."""
        return 3 + {"N": 0, "A": 2, "Ad": 3}[self.trend] + (season if self.season != "N" else 0)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and most of the rates and of the first level and trend, (6,) each."""
        trend, season = self.trend != "N", self.season != "N"
        phi = {"N": (0.0, 0.0), "A": (1.0, 1.0), "Ad": DAMPED}[self.trend]
        first = np.inf * trend if trend else 0.0
        low = [LEAST, LEAST * trend, phi[0], LEAST * season, -np.inf, -first]
        return np.array(low), np.array([MOST, MOST * trend, phi[1], MOST * season, np.inf, first])


def aligned(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Series by step since each one's start, (T, S); NaN behind its end."""
    columns = starts[:, None] + np.arange(values.shape[1])
    inside = columns < values.shape[1]
    return np.where(inside, np.take_along_axis(values, np.where(inside, columns, 0), 1), np.nan).T


@dataclass(frozen=True)
class Fit:
    """What was found for F forms of S series, problem f S + s for form f of series s.

    ``rates`` and ``first`` states of all problems, ``season`` as `smooth` calls its kind, and ``criteria`` (F, S), the
    AICc, infinite where a form does not fit.
    """

    rates: Rates
    first: State
    season: str
    criteria: np.ndarray


def fit_forms(y: np.ndarray, season: int, forms: Sequence[Form]) -> Fit:
    """Forms that have one kind of season, fitted to each series.

    Parameters
    ----------
    y : array, shape (T, S)
        Values by step since each series' start.
    season : int
        Steps of a season, m.
    forms : sequence of Form
        F of them, those with added errors first.
    """
    valleys = [STEADY] if forms[0].season == "N" else [STEADY, MOVING]
    errors = Errors(y, season, [form for form in forms for _ in valleys])
    low, high = errors.bounds()
    with np.errstate(all="ignore"):  # parameters that lead beyond all bounds are the worst ones
        x, squares = least_squares(errors, errors.starts(valleys, low, high), low, high)
    criteria = errors.criteria(squares).reshape(len(forms), len(valleys), -1)
    better = np.argmin(criteria, axis=1)  # (F, S)
    chosen = (np.arange(len(forms))[:, None] * len(valleys) + better) * y.shape[1] + np.arange(y.shape[1])
    rates, first = errors.parts(x[:, chosen.ravel()], chosen.ravel())
    return Fit(rates, first, KINDS[forms[0].season], criteria.min(1))


class Errors:
    """The errors of all forms for all series, as functions of parameters: problem f S + s is form f of series s."""

    def __init__(self, y: np.ndarray, season: int, forms: Sequence[Form]) -> None:
        self.y, self.forms, self.kind = y, forms, forms[0].season
        self.count = np.isfinite(y).sum(0)
        self.season = season if self.kind != "N" else 1
        self.level, self.trend, self.indices = first_states(y, self.season, self.kind)
        self.relative = np.array([form.error == "M" for form in forms]).repeat(y.shape[1])  # (F S,)
        self.estimated = self.kind != "N" and self.season <= LONGEST  # whether first indices are

    def __call__(self, x: np.ndarray, problems: np.ndarray) -> np.ndarray:
        """Errors one step ahead, (T, C, R), of parameters (P, C, R); relative ones times the mean forecast."""
        y = self.y[:, problems % self.y.shape[1]]  # (T, R)
        rates, state = self.parts(x, problems)
        errors, forecasts = np.empty((2, len(y), *x.shape[1:]))
        for t, (forecast, error) in enumerate(smooth(y, rates, state, KINDS[self.kind])):
            forecasts[t], errors[t] = forecast, error
        added = int((~self.relative[problems]).sum())  # they come first
        if added < len(problems):
            seen = np.isfinite(y[:, None, added:])
            forecast = np.where(seen, forecasts[..., added:], 1.0)
            mean = np.exp(np.log(forecast).sum(0) / np.maximum(seen.sum(0), 1))
            errors[..., added:] *= mean / forecast
        return errors

    def parts(self, x: np.ndarray, problems: np.ndarray) -> tuple[Rates, State]:
        """Rates and first states that parameters (P, ..., R) say."""
        rates = Rates(x[ALPHA], x[ALPHA] * x[BETA], x[PHI], (1 - x[ALPHA]) * x[GAMMA])
        if self.estimated:
            indices = x[SEASON:].copy()
        else:
            found = self.indices[:, problems % self.y.shape[1]]
            indices = found.reshape(len(found), *[1] * (x.ndim - 2), -1) * np.ones_like(x[ALPHA])
        return rates, State(x[LEVEL], x[TREND], indices)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and most of each parameter, (P, F S) each."""
        low, high = np.array([form.bounds() for form in self.forms]).repeat(self.y.shape[1], axis=0).transpose(1, 2, 0)
        if not self.estimated:
            return low, high
        free = np.full((self.season, low.shape[1]), np.inf)
        return np.concatenate([low, -free]), np.concatenate([high, free])

    def starts(self, valleys: Sequence[Sequence[Any]], low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The best of some rates for each problem, (P, F S), with the first states that are seen; forms take turns."""
        count = len(self.forms)
        turns = np.arange(count).repeat(self.y.shape[1]) % len(valleys)
        alpha, beta, gamma = np.array(valleys)[turns].transpose(2, 1, 0)  # (C, F S) each
        states = [np.tile(self.level, count), np.tile(self.trend, count)]
        states += list(np.tile(self.indices, count)) if self.estimated else []
        x = np.stack(
            [alpha, beta, np.full(alpha.shape, 0.95), gamma, *(np.broadcast_to(a, alpha.shape) for a in states)]
        )
        x = np.clip(x, low[:, None], high[:, None])
        squares = (self(x, np.arange(low.shape[1])) ** 2).sum(0)  # (C, F S)
        best = np.argmin(np.where(np.isfinite(squares), squares, np.inf), axis=0)
        return x[:, best, np.arange(low.shape[1])]

    def criteria(self, squares: np.ndarray) -> np.ndarray:
        """The AICc, (F, S)."""
        estimated = np.array([[form.count(self.season)] for form in self.forms])
        size = np.abs(np.nan_to_num(self.y)).max(0)
        return criteria_of(squares.reshape(len(estimated), -1), estimated, self.count, size)


def first_states(y: np.ndarray, season: int, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level and trend before the first step, (S,), and indices of the season, (m, S), NaN where none can be had.

    They are those of the line through the first ten values, or two seasons, and of classical decomposition.
    """
    indices = np.full((season, y.shape[1]), float(kind == "M"))
    if kind != "N":
        indices = phase_means(filled(y.T, season), season, kind == "M", from_start=True).T
    along = indices[np.arange(len(y)) % season]
    plain = (y / along if kind == "M" else y - along)[: max(10, 2 * season)]
    start, slope = lines_through(plain.T)[:, :, -1]
    return start, slope, indices
