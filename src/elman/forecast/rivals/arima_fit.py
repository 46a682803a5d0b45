"""Autoregressions of differences with moving averages of errors, estimated for many series and orders at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from elman.forecast.rivals.akaike import criteria_of
from elman.forecast.rivals.histories import in_order
from elman.forecast.rivals.least_squares import least_squares

CONSTANT, FIRST, SECOND, MOVING, SEASONAL = range(5)  # rows of parameters
MOST = 0.98  # of a partial autocorrelation or a moving average, either way
BEFORE = 2  # steps behind the differences that are not judged, as an order may know too little there
# Where the search starts, as partial autocorrelations and moving averages.
STARTS = (*product((-0.4, 0.4), (0.0,), (-0.6, 0.0), (-0.6,)), (0.8, 0.0, 0.0, -0.6), (0.9, -0.5, 0.0, -0.6))


@dataclass(frozen=True)
class Order:
    """``ARIMA(p, d, q)(0, D, D)[m]``, with a constant c or without.

    Of ``w = (1 - B)^d (1 - B^m)^D y``, with B the step back, and ``z = w - c``,

    ``z[t] = a z[t-1] + b z[t-2] + e[t] + g e[t-1] + G (e[t-m] + g e[t-m-1])``
    """

    p: int
    d: int
    q: int
    constant: bool
    seasonal: bool = False  # D is 1

    @property
    def count(self) -> int:
        """How many numbers are estimated, the variance among them."""
        return 1 + self.p + self.q + self.constant + self.seasonal

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and most of the parameters, (5,) each."""
        used = np.array([self.constant, self.p > 0, self.p > 1, self.q > 0, self.seasonal])
        most = np.where(used, [np.inf, MOST, MOST, MOST, MOST], 0.0)
        return -most, most


def _orders(d: int, constant: bool, seasonal: bool, *pairs: tuple[int, int]) -> tuple[Order, ...]:
    return tuple(Order(p, d, q, constant, seasonal) for p, q in pairs)


PLAIN = (
    *_orders(0, True, False, (1, 0), (2, 0), (1, 1), (2, 1)),
    *_orders(1, False, False, (1, 0), (2, 0), (0, 1), (1, 1)),
    *_orders(1, True, False, (1, 0), (2, 0), (0, 1), (1, 1)),
    *_orders(2, False, False, (0, 1), (1, 1)),
)
WITH_SEASON = (  # the last three for series that only seem to have one
    *_orders(0, True, True, (0, 0), (1, 0), (2, 0), (1, 1)),
    *_orders(1, False, True, (0, 1), (1, 0), (1, 1), (2, 0)),
    *_orders(0, True, False, (1, 0)),
    *_orders(1, False, False, (1, 0), (0, 1)),
)


def differences(d: int, seasonal: bool, season: int) -> np.ndarray:
    """The polynomial ``(1 - B)^d (1 - B^m)^D``, by powers of B."""
    found = np.ones(1)
    for _ in range(d):
        found = np.convolve(found, [1.0, -1.0])
    return np.convolve(found, np.r_[1.0, np.zeros(season - 1), -1.0]) if seasonal else found


class Orders:
    """Several orders of several series: problem f S + s is order f of series s.

    Parameters
    ----------
    orders : sequence of Order
        F of them.
    season : int
        Steps of a season, m.

    Attributes
    ----------
    kind : ndarray of int, shape (F,)
        Which differences each order takes.
    polynomials : ndarray, shape (kinds, reach + 1)
        Of the differences, by powers of B.
    starts : ndarray of int, shape (kinds,)
        The first step that has such differences.
    """

    def __init__(self, orders: Sequence[Order], season: int) -> None:
        self.orders, self.season = tuple(orders), season
        kinds = list(dict.fromkeys((order.d, order.seasonal) for order in self.orders))
        self.kind = np.array([kinds.index((order.d, order.seasonal)) for order in self.orders])
        made = [differences(d, seasonal, season) for d, seasonal in kinds]
        self.starts = np.array([len(polynomial) - 1 for polynomial in made])
        self.reach = int(self.starts.max())
        self.polynomials = np.stack([np.pad(p, (0, self.reach + 1 - len(p))) for p in made])

    def differenced(self, y: np.ndarray) -> np.ndarray:
        """Of series (T, S), by kind, (kinds, T, S); 0 before there are any."""
        found = np.zeros((len(self.starts), *y.shape))
        for w, polynomial, start in zip(found, self.polynomials, self.starts, strict=True):
            for lag in np.flatnonzero(polynomial):
                w[start:] += polynomial[lag] * y[start - lag : max(len(y) - lag, 0)]
        return found

    def errors(self, w: np.ndarray, x: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Errors one step ahead, (T, ..., R), of differences (T, R) and parameters (5, ..., R).

        What comes before the first difference, at `starts` (R,), is taken to be as it is in the mean.
        """
        between = (len(w), *[1] * (x.ndim - 2), w.shape[1])
        started = (np.arange(len(w))[:, None] >= starts).reshape(between)
        z = (w.reshape(between) - x[CONSTANT]) * started
        near, far = autoregression(x)
        e = z.copy()
        e[1:] -= near * z[:-1]
        e[2:] -= far * z[:-2]
        if x[SEASONAL].any():  # the two averages are taken off one after the other
            for t in range(self.season, len(e), self.season):
                block = e[t : t + self.season]
                block -= x[SEASONAL] * e[t - self.season : t][: len(block)]
        if x[MOVING].any():
            for t in range(1, len(e)):
                e[t] -= x[MOVING] * e[t - 1]
        return e


def autoregression(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights a and b of the last two values: of partial autocorrelations, so that a process comes back to its mean."""
    return x[FIRST] * (1 - x[SECOND]), x[SECOND]


@dataclass(frozen=True)
class ArimaFit:
    """What was found.

    Attributes
    ----------
    x : ndarray, shape (5, F S)
        Parameters of differences in units (F S,).
    unit : ndarray
    criteria : ndarray, shape (F, S)
        The AICc of errors from the step `judged` on.
    judged : int
    """

    x: np.ndarray
    unit: np.ndarray
    criteria: np.ndarray
    judged: int


def fit_orders(y: np.ndarray, count: np.ndarray, orders: Orders) -> ArimaFit:
    """Orders fitted to series by the least squares of errors one step ahead.

    Parameters
    ----------
    y : array, shape (T, S)
        Values by step since each series' start, without gaps; anything behind its end.
    count : array of int, shape (S,)
        How many values each has.
    orders : Orders
    """
    problem = _Problem(y, count, orders)
    low, high = np.array([o.bounds() for o in orders.orders]).repeat(y.shape[1], axis=0).transpose(1, 2, 0)
    with np.errstate(all="ignore"):  # parameters that lead beyond all bounds are the worst ones
        x, squares = least_squares(problem, problem.started(low, high), low, high)
    return ArimaFit(x, problem.unit, problem.criteria(squares), problem.judged)


class _Problem:
    """The errors that are judged, of parameters."""

    def __init__(self, y: np.ndarray, count: np.ndarray, orders: Orders) -> None:
        self.orders, self.series = orders, y.shape[1]
        inside = np.arange(len(y))[:, None] < count
        y = np.where(inside, y, 0.0)
        self.size = np.abs(y).max(0, initial=0.0)
        self.w = orders.differenced(y) * inside  # (kinds, T, S)
        self.judged = min(orders.reach + BEFORE, len(y))
        self.inside = inside[self.judged :]
        self.count = self.inside.sum(0)
        spread = np.sqrt(in_order(np.square(self.w[:, self.judged :]), 1) / np.maximum(self.count, 1))
        self.unit = np.where(spread > 0, spread, 1.0)[orders.kind].ravel()  # (F S,)

    def __call__(self, x: np.ndarray, problems: np.ndarray) -> np.ndarray:
        """Errors (T, C, R) of parameters (5, C, R)."""
        kind, series = self.orders.kind[problems // self.series], problems % self.series
        w = self.w[kind, :, series].T / self.unit[problems]
        errors = self.orders.errors(w, x, self.orders.starts[kind])[self.judged :]
        return errors * self.inside[:, None, series]

    def started(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The best of some parameters for each problem, (5, F S), with the mean as the constant."""
        mean = in_order(self.w[:, self.judged :], 1) / np.maximum(self.count, 1)
        x = np.empty((5, len(STARTS), low.shape[1]))
        x[CONSTANT] = mean[self.orders.kind].ravel() / self.unit
        x[FIRST:] = np.array(STARTS).T[..., None]
        x = np.clip(x, low[:, None], high[:, None])
        squares = (self(x, np.arange(low.shape[1])) ** 2).sum(0)  # (C, F S)
        best = np.argmin(np.where(np.isfinite(squares), squares, np.inf), axis=0)
        return x[:, best, np.arange(low.shape[1])]

    def criteria(self, squares: np.ndarray) -> np.ndarray:
        """The AICc, (F, S)."""
        estimated = np.array([[order.count] for order in self.orders.orders])
        squares = (squares * self.unit**2).reshape(len(estimated), -1)
        return criteria_of(squares, estimated, self.count, self.size)
