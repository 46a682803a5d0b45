"""The line of least squares through a series, as it stood after each step."""

from __future__ import annotations

import numpy as np


def lines_through(values: np.ndarray) -> np.ndarray:
    """Start A and slope B of the line of least squares through the values up to each step, (2, S, T).

    The line is ``A + B t``, with t = 1 at the first value of a series; flat through a single value.
    """
    seen = np.isfinite(values)
    y, t = np.where(seen, values, 0.0), ages(values) * seen
    n, t1, t2, y1, ty = (np.cumsum(a, axis=1) for a in (seen, t, t * t, y, t * y))
    determinant = n * t2 - t1**2
    slope = np.where(determinant > 0, (n * ty - t1 * y1) / np.where(determinant > 0, determinant, 1), 0.0)
    start = (y1 - slope * t1) / np.maximum(n, 1)
    return np.stack([start, slope])


def ages(values: np.ndarray) -> np.ndarray:
    """How many steps of its series each step has behind it, itself counted, (S, T); 0 before the first value."""
    return np.cumsum(np.isfinite(values).cumsum(1) > 0, axis=1).astype(np.float64)
