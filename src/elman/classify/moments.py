"""Means and squares of numbers in any unit: none leaves what float64 holds, as squares of 1e200 or 1e-200 do."""

from __future__ import annotations

import numpy as np

STILL = 1e-12  # of the mean: a spread that is rounding


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column that are known, each (F,); a spread of 0 is that of a constant.

    Parameters
    ----------
    values : ndarray, shape (N, F)
        NaN where one is missing; one of each column at least is not.

    Examples
    --------
    >>> [found.tolist() for found in moments(np.array([[1e200, 0.25], [3e200, 0.25], [np.nan, 0.25]]))]
    [[2e+200, 0.25], [1e+200, 0.0]]
    """
    known = ~np.isnan(values)
    exponents = np.frexp(np.abs(np.where(known, values, 0.0)).max(axis=0))[1]
    near_one = np.ldexp(values, -exponents)
    mean = _mean(near_one, known)
    spread = np.sqrt(_mean((near_one - mean) ** 2, known))
    return np.ldexp(mean, exponents), np.ldexp(np.where(spread > STILL * np.abs(mean), spread, 0.0), exponents)


def root_mean_square(errors: np.ndarray) -> float:
    """The square root of the mean of squares of numbers (N,)."""
    largest = np.abs(errors).max()
    return float(largest and largest * np.sqrt(((errors / largest) ** 2).mean()))


def explained_share(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The coefficient of determination: 1 less the share of the variance of `truth` that errors have, all (N,).

    NaN where `truth` is the same everywhere.

    Examples
    --------
    >>> explained_share(np.array([0.0, 2e-300]), np.array([0.0, 1e-300])), explained_share(np.ones(2), np.zeros(2))
    (0.5, nan)
    """
    exponent = np.frexp(np.abs([truth, predicted]).max())[1]
    truth, predicted = np.ldexp(truth, -exponent), np.ldexp(predicted, -exponent)
    spread = np.average((truth - np.average(truth, weights=weights)) ** 2, weights=weights)
    missed = np.average((truth - predicted) ** 2, weights=weights)
    return float(1 - missed / spread) if spread > 0 else float("nan")


def _mean(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known, values, 0.0).sum(0) / known.sum(0)
