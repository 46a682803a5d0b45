"""A season that may move: indices by exponential smoothing, each series with the coefficient that foretells it best.

The deviations of a series from its centred average over a season are taken phase by phase, and each index is

    s[c] = sum over cycles j <= c of d^(c - j) x[j] / sum d^(c - j)

with x the deviations of one phase: the plain mean of classical decomposition for d = 1, and about the last cycle for a
small d. d is that of `DECAYS` whose indices were nearest to the next cycle's deviations; `USUAL` unless another is
better by a `MARGIN`.

Reference: P. R. Winters, Forecasting sales by exponentially weighted moving averages, Management Science 6 (1960).
"""

from __future__ import annotations

import numpy as np

from elman.forecast.rivals.seasonal import by_phase, centred_average

DECAYS = (1.0, 0.9, 0.8, 0.6, 0.4)
USUAL, MARGIN = 0.8, 0.05
FIRST = 2  # cycles before the first that is foretold


def moving_indices(whole: np.ndarray, season: int) -> np.ndarray:
    """What the season adds at the end of series (S, T) without gaps, by phase, (S, m); they sum to 0.

    Phase p is that of the columns T - m + p, T - 2 m + p ...

    Examples
    --------
    >>> grows = np.arange(1.0, 9)[:, None] * [1.0, -1.0, 0.0]
    >>> moving_indices(grows.reshape(1, -1), 3).round(1)
    array([[ 7.5, -7.2, -0.2]])
    """
    deviations = by_phase(whole - centred_average(whole, season), season)  # (S, C, m)
    found, errors = _smoothed(deviations, np.array(DECAYS))
    errors = np.where(np.array(DECAYS)[:, None] == USUAL, errors, errors * (1 + MARGIN))
    best = np.argmin(errors, axis=0)
    indices = found[best, np.arange(len(whole))]
    return indices - indices.mean(1, keepdims=True)


def _smoothed(deviations: np.ndarray, decays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices after the last cycle, (D, S, m), and how far those after each cycle were from the next, (D, S)."""
    decay = decays[:, None, None]
    total, weight = np.zeros((2, len(decays), *deviations[:, 0].shape))
    missed, count = np.zeros((len(decays), len(deviations))), np.zeros(len(deviations))
    for cycle in range(deviations.shape[1]):
        x = deviations[:, cycle]
        known = np.isfinite(x)
        told = known & (weight[0] > 0) & (cycle >= FIRST)
        index = total / np.where(weight > 0, weight, 1)
        missed += np.where(told, np.abs(np.where(told, x, 0.0) - index), 0.0).sum(2)
        count += told.sum(1)
        total = np.where(known, decay * total + np.where(known, x, 0.0), total)
        weight = np.where(known, decay * weight + 1, weight)
    return total / np.where(weight > 0, weight, 1), missed / np.maximum(count, 1)
