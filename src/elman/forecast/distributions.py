"""Distributions."""

from __future__ import annotations

import numpy as np

from elman.forecast.special import beta_cdf, invert


def student_t_cdf(x: np.ndarray, df: np.ndarray) -> np.ndarray:
    """The probability of a value of Student's t of at most x."""
    tail = 0.5 * beta_cdf(df / (df + np.square(x)), df / 2, 0.5)
    return np.where(x > 0, 1 - tail, tail)


def student_t_quantiles(df, probabilities) -> np.ndarray:
    p, df = np.broadcast_arrays(np.asarray(probabilities, np.float64), np.asarray(df, np.float64))
    return invert(lambda x: student_t_cdf(x, df), p, np.full(p.shape, -2.0), np.full(p.shape, 2.0))
