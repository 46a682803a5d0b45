"""How much each of several models of one series counts, by the corrected criterion of Akaike."""

from __future__ import annotations

import numpy as np

from elman.forecast.rivals.histories import in_order

PERFECT = 1e-26  # a mean square of this share of the largest value's is rounding
SHARE = 0.01  # of the best model's weight: models with less are left out of an average


def criteria_of(squares: np.ndarray, estimated: np.ndarray, count: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The AICc, ``n log(squares) + 2 k n / (n - k - 1)``, (F, S); infinite where a model is not for a series.

    Parameters
    ----------
    squares : array, shape (F, S)
        Sums of squared errors one step ahead.
    estimated : array, shape (F, 1)
        How many numbers each model estimates, k.
    count : array, shape (S,)
        How many errors there are, n.
    size : array, shape (S,)
        The largest absolute value of each series.

    References
    ----------
    C. M. Hurvich and C.-L. Tsai, Regression and time series model selection in small samples, Biometrika 76 (1989).
    """
    spare = count - estimated - 1
    least = np.maximum(PERFECT * count * size**2, np.finfo(float).tiny)
    values = count * np.log(np.maximum(squares, least)) + 2 * estimated * count / np.maximum(spare, 1)
    return np.where((spare > 0) & np.isfinite(values), values, np.inf)


def weights_of(criteria: np.ndarray, share: float = SHARE) -> np.ndarray:
    """``exp(-AICc / 2)`` beside that of the best model, in all 1, (F, S); all 0 where no model is for a series."""
    least = criteria.min(0, initial=np.inf)
    weights = np.exp((np.where(np.isfinite(least), least, 0.0) - criteria) / 2)
    weights[weights < share] = 0
    return weights / np.maximum(in_order(weights), 1)
