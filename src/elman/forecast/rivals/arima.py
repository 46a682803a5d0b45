"""Autoregressions of differences with moving averages of errors: orders and scales averaged by Akaike's criterion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.forecast.rivals.akaike import weights_of
from elman.forecast.rivals.arima_fit import (
    BEFORE,
    CONSTANT,
    MOVING,
    PLAIN,
    SEASONAL,
    WITH_SEASON,
    ArimaFit,
    Orders,
    autoregression,
    fit_orders,
)
from elman.forecast.rivals.ets_fit import aligned
from elman.forecast.rivals.histories import Histories, forecast_alike, in_order, known, last_places
from elman.forecast.rivals.seasonal import filled

LONGEST = 3000  # steps before an origin that are looked at
LEAST = 8  # errors that orders with a season are judged by, at least


@dataclass(frozen=True)
class Arima:
    """Autoregressive integrated moving averages, of a series and of its logarithm, averaged.

    Of ``w = (1 - B)^d (1 - B^m)^D y``, with B the step back, and ``z = w - c``,

    ``z[t] = a z[t-1] + b z[t-2] + e[t] + g e[t-1] + G (e[t-m] + g e[t-m-1])``

    Fourteen orders without a season, eleven with one; parameters are those of the least squares, which leave z
    stationary and e invertible. All orders are judged on the same errors one step ahead, those of logarithms (of series
    above 0) as densities of the series itself, and count as ``exp(-AICc / 2)``. Logarithms ahead go no further beyond
    those that came than these are apart, so that no growth runs away.

    Parameters
    ----------
    name : str, default "arima"
        What it is called.

    References
    ----------
    G. E. P. Box and G. M. Jenkins, Time series analysis: forecasting and control, Holden-Day (1970). S. Kolassa,
    Combining exponential smoothing forecasts using Akaike weights, International Journal of Forecasting 27 (2011).

    Examples
    --------
    >>> Arima()(Histories.of([np.arange(1.0, 31.0)]), 3, np.array([0])).round(2)
    array([[[31., 32., 33.]]])
    """

    name: str = "arima"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return forecast_alike(histories, horizon, origins, _forecast, rows=48)


def _forecast(histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
    season = int(histories.season[0])
    long = (_lengths(known(histories, origins)) >= season + 1 + BEFORE + LEAST) & (season > 1)
    result = np.full((len(histories.values), len(origins), horizon), np.nan)
    for orders, rows in ((WITH_SEASON, np.flatnonzero(long)), (PLAIN, np.flatnonzero(~long))):
        if len(rows):
            result[rows] = _averaged(histories.rows(rows), horizon, origins, Orders(orders, season))
    return result


def _averaged(histories: Histories, horizon: int, origins: np.ndarray, orders: Orders) -> np.ndarray:
    """The forecasts of all orders on all scales, by what each counts, (S, K, H)."""
    values = histories.values[:, -(LONGEST + int(origins.max())) :]
    before = known(Histories(values, np.minimum(histories.lengths, values.shape[1]), histories.season), origins)
    starts, count = np.argmax(np.isfinite(before), axis=1), _lengths(before)
    whole = aligned(filled(before, orders.season), starts)[: max(int(count.max()), 1)]
    scales = _Scales.of(before)
    fit = fit_orders(scales.bent(whole), np.tile(count, scales.number), orders)
    weights = _weights(fit, scales, whole, count)
    problems = np.flatnonzero(weights)
    series, result = problems % len(values), np.zeros((len(values), len(origins), horizon))
    for k, origin in enumerate(origins):
        seen = values[:, : values.shape[1] - origin]
        made = _ahead(scales, seen, starts, orders, fit, problems, horizon)
        np.add.at(result[:, k], series, scales.straight(made, problems, seen) * weights[problems, None])
    return np.where(np.isin(np.arange(len(values)), series)[:, None, None], result, np.nan)


def _lengths(values: np.ndarray) -> np.ndarray:
    """Steps from each series' first value to its last, (S,); 0 where it has none."""
    there = np.isfinite(values)
    return np.where(there.any(1), values.shape[1] - there[:, ::-1].argmax(1) - there.argmax(1), 0)


@dataclass(frozen=True)
class _Scales:
    """Series and, where any is above 0, their logarithms behind them: pair l S + s is series s on scale l."""

    positive: np.ndarray
    number: int

    @classmethod
    def of(cls, before: np.ndarray) -> _Scales:
        positive = np.where(np.isfinite(before), before, np.inf).min(1) > 0
        return cls(positive, 1 + bool(positive.any()))

    def bent(self, y: np.ndarray) -> np.ndarray:
        """Values (T, S) on all scales, (T, L S); what is no number is 0."""
        y = np.nan_to_num(y)
        return np.concatenate([y, np.log(np.where(y > 0, y, 1.0))][: self.number], axis=1)

    def straight(self, made: np.ndarray, problems: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Forecasts (R, H) of problems as values, behind what is seen (S, T)."""
        logged = problems // len(self.positive) % self.number == 1
        logs = np.log(np.where(seen > 0, seen, np.nan))
        ends = np.fmin, np.fmax
        low, high = (end.reduce(logs, axis=1, initial=np.nan)[problems % len(seen), None] for end in ends)
        return np.where(logged[:, None], np.exp(np.clip(made, 2 * low - high, 2 * high - low)), made)


def _weights(fit: ArimaFit, scales: _Scales, whole: np.ndarray, count: np.ndarray) -> np.ndarray:
    """How much each problem counts, (F L S,)."""
    judged = (np.arange(len(whole))[:, None] < count) & (np.arange(len(whole))[:, None] >= fit.judged)
    change = 2 * in_order(np.where(judged & (whole > 0), np.log(np.where(whole > 0, whole, 1.0)), 0.0))
    more = [np.zeros_like(change), np.where(scales.positive, change, np.inf)][: scales.number]
    criteria = fit.criteria + np.concatenate(more)  # (F, L S)
    return weights_of(criteria.reshape(-1, len(count))).ravel()


def _ahead(
    scales: _Scales,
    seen: np.ndarray,
    starts: np.ndarray,
    orders: Orders,
    fit: ArimaFit,
    problems: np.ndarray,
    horizon: int,
) -> np.ndarray:
    """Forecasts of some problems, (R, H), behind what is seen; through what is missing at its end."""
    ends = last_places(seen).max(1, initial=-1) + 1
    late = seen.shape[1] - np.where(ends > 0, ends, seen.shape[1])
    y = scales.bent(aligned(filled(seen, orders.season), starts))
    order, pair = np.divmod(problems, y.shape[1])
    series = pair % len(seen)
    made = _Run(orders, fit, y, order, pair, np.maximum(ends - starts, 0)[series]).ahead(horizon + int(late.max()))
    return np.take_along_axis(made, late[series, None] + np.arange(horizon), 1)


class _Run:
    """Some problems at the ends (R,) of their series, `y` (T, L S)."""

    def __init__(
        self, orders: Orders, fit: ArimaFit, y: np.ndarray, order: np.ndarray, pair: np.ndarray, ends: np.ndarray
    ) -> None:
        self.kind, self.season = orders.kind[order], orders.season
        problems = order * y.shape[1] + pair
        self.x, self.unit = fit.x[:, problems], fit.unit[problems]
        w = orders.differenced(y)[self.kind, :, pair].T / self.unit  # (T, R)
        errors = orders.errors(w, self.x, orders.starts[self.kind])
        places = ends - np.arange(max(orders.reach, self.season + 1, 2), 0, -1)[:, None]
        there, places, r = places >= 0, np.maximum(places, 0), np.arange(len(ends))
        self.values = np.where(there, y[places, pair], 0.0)  # the last ones, the newest last
        self.rest = np.where(there, w[places, r] - self.x[CONSTANT], 0.0)
        self.errors = np.where(there, errors[places, r], 0.0)
        self.lags = -orders.polynomials[self.kind, 1:].T

    def ahead(self, horizon: int) -> np.ndarray:
        """Forecasts, (R, H), with errors to come of 0."""
        x, m, behind = self.x, self.season, np.zeros((horizon, len(self.kind)))
        y, z, e = (np.concatenate([a, behind]) for a in (self.values, self.rest, self.errors))
        (near, far), used = autoregression(x), np.flatnonzero(self.lags.any(1))
        for t in range(len(self.values), len(y)):
            moved = e[t - m] + x[MOVING] * e[t - m - 1]
            z[t] = near * z[t - 1] + far * z[t - 2] + x[MOVING] * e[t - 1] + x[SEASONAL] * moved
            y[t] = (z[t] + x[CONSTANT]) * self.unit + sum(self.lags[j] * y[t - 1 - j] for j in used)
        return y[len(self.values) :].T
