"""Functions that distributions are made of, for arrays in float64: gamma and beta, whole and incomplete.

Accurate to about 1e-12, checked against SciPy, which is not needed.

References
----------
W. J. Lentz, Generating Bessel functions in Mie scattering calculations using continued fractions, Applied Optics 15
(1976). NIST Digital Library of Mathematical Functions, 5.11 and 8.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_lgamma = np.frompyfunc(math.lgamma, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)
_MOST = 100_000  # terms; about sqrt(a) of them are needed
_SMALL, _TINY = 1e-16, 1e-300


def log_gamma(x: np.typing.ArrayLike) -> np.ndarray:
    """``log Gamma(x)``, x > 0."""
    return np.asarray(_lgamma(np.asarray(x, np.float64)), np.float64)


def normal_cdf(x: np.typing.ArrayLike) -> np.ndarray:
    """The probability of a standard normal value of at most x."""
    return 0.5 * np.asarray(_erfc(-np.asarray(x, np.float64) * math.sqrt(0.5)), np.float64)


def gamma_cdf(x: np.typing.ArrayLike, a: np.typing.ArrayLike) -> np.ndarray:
    """The regularised lower incomplete gamma function P(a, x), a > 0; 0 for x <= 0."""
    x, a = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(a, np.float64))
    inside = (x > 0) & np.isfinite(x)
    below = inside & (x < a + 1)
    out = np.where(x > 0, 1.0, 0.0)
    out[below] = _gamma_series(x[below], a[below])
    above = inside & ~below
    out[above] = 1 - _gamma_fraction(x[above], a[above])
    return out


def beta_cdf(x: np.typing.ArrayLike, a: np.typing.ArrayLike, b: np.typing.ArrayLike) -> np.ndarray:
    """The regularised incomplete beta function I_x(a, b), a, b > 0; 0 for x <= 0 and 1 for x >= 1."""
    x, a, b = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (x, a, b)))
    out, inside = np.where(x > 0, 1.0, 0.0), (x > 0) & (x < 1)
    left = inside & (x <= (a + 1) / (a + b + 2))
    right = inside & ~left
    out[left] = _beta_fraction(x[left], a[left], b[left])
    out[right] = 1 - _beta_fraction(1 - x[right], b[right], a[right])
    return out


def invert(
    cdf: Callable[[np.ndarray], np.ndarray],
    density: Callable[[np.ndarray], np.ndarray],
    probabilities: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Where a distribution function takes the given values: Newton's method between ends that close in on it."""
    low, high = _around(cdf, probabilities, low, high)
    x = low + (high - low) / 2
    for _ in range(200):
        error = cdf(x) - probabilities
        low, high = np.where(error < 0, x, low), np.where(error < 0, high, x)
        slope = np.maximum(density(x), _TINY)
        newton, middle = x - error / slope, low + (high - low) / 2
        new = np.where((newton > low) & (newton < high), newton, middle)
        if (np.abs(new - x) <= 1e-14 * np.abs(x) + 1e-16 * probabilities / slope + 1e-300).all():
            return new
        x = new
    return x


def invert_counts(cdf: Callable[[np.ndarray], np.ndarray], probabilities: np.ndarray) -> np.ndarray:
    """The least whole number from 0 on at which a distribution function reaches the given values, by bisection."""
    low, high = np.full(probabilities.shape, -1.0), np.ones(probabilities.shape)
    while (short := cdf(high) < probabilities).any():
        low, high = np.where(short, high, low), np.where(short, 2 * high, high)
    while (apart := high - low > 1).any():
        middle = np.where(apart, np.floor((low + high) / 2), high)
        short = cdf(middle) < probabilities
        low, high = np.where(apart & short, middle, low), np.where(short, high, middle)
    return high


def _around(cdf: Any, probabilities: np.ndarray, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    """Ends moved out until what is looked for lies between them."""
    for _ in range(400):
        short, far = cdf(high) < probabilities, cdf(low) > probabilities
        if not (short.any() or far.any()):
            break
        width = high - low
        low, high = np.where(far, low - 2 * width, low), np.where(short, high + 2 * width, high)
    return low, high


def _gamma_series(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    term = total = 1 / a
    for n in range(1, _MOST):
        term = term * x / (a + n)
        total = total + term
        if (term <= _SMALL * total).all():
            break
    return total * np.exp(a * np.log(x) - x - log_gamma(a))


def _gamma_fraction(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    b = x + 1 - a
    c, d = np.full_like(x, 1 / _TINY), 1 / b
    h = d
    for n in range(1, _MOST):
        an = -n * (n - a)
        b = b + 2
        d, c = 1 / _away(an * d + b), _away(b + an / c)
        h = h * d * c
        if (np.abs(d * c - 1) <= _SMALL * 16).all():
            break
    return h * np.exp(a * np.log(x) - x - log_gamma(a))


def _beta_fraction(x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    c, d = np.ones_like(x), 1 / _away(1 - (a + b) * x / (a + 1))
    h = d
    for n in range(1, _MOST):
        even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n))
        odd = -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        h = h * d * c
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        h = h * d * c
        if (np.abs(d * c - 1) <= _SMALL * 16).all():
            break
    front = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * np.log(x) + b * np.log1p(-x)
    return np.exp(front) * h / a


def _away(x: np.ndarray) -> np.ndarray:
    """Never 0, by which is divided."""
    return np.where(np.abs(x) < _TINY, _TINY, x)
