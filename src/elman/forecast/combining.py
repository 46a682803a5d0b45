"""Weights of several methods, from what each erred by at rolling origins.

A method's error for a series is taken relative to the mean of all methods'. What few origins of one series say is drawn
towards what all series say together, and that towards what is known of the methods beforehand:

    r[s, m] = (n[s] e[s, m] + DRAWN (R e[m] + PRIOR r0[m]) / (R + PRIOR)) / (n[s] + DRAWN)
    w[s, m] ~ r[s, m] ^ -POWER

with n the origins of the series and R those of all. So a series with nothing to learn gets about the simple forecasts,
and a long one the method that foretells it.

References
----------
J. M. Bates and C. W. J. Granger, The combination of forecasts, Operational Research Quarterly 20 (1969).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

POWER = 6.0
DRAWN = 10.0
PRIOR = 10.0


def relative_errors(truth: np.ndarray, forecasts: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean absolute errors relative to the mean of all methods', (S, M), and how many origins they are of, (S,).

    Parameters
    ----------
    truth : array, shape (S, K, H)
        NaN where nothing is known.
    forecasts : dict of str to array, shape (S, K, H)
        By method; NaN where it has none.
    """
    known = np.isfinite(truth)
    counts = known.any(2).sum(1)
    missed = [np.where(known, np.abs(f - np.where(known, truth, 0)), 0.0).sum((1, 2)) for f in forecasts.values()]
    errors = np.stack(missed, axis=1) / np.maximum(known.sum((1, 2)), 1)[:, None]
    usable = np.isfinite(errors)
    mean = np.where(usable, errors, 0).sum(1) / np.maximum(usable.sum(1), 1)
    relative = np.where(mean[:, None] > 0, errors / np.where(mean > 0, mean, 1)[:, None], 1.0)
    return np.where(usable, relative, np.nan), counts


def weights_of(relative: np.ndarray, counts: np.ndarray, prior: np.ndarray | None = None) -> np.ndarray:
    """Weights of methods, (S, M), which sum to 1; 0 for a method that has no forecast.

    Parameters
    ----------
    relative : array, shape (S, M)
        As `relative_errors` gives them.
    counts : array of int, shape (S,)
    prior : array, shape (M,), optional
        Relative errors that are known beforehand; 1 for all if not given.
    """
    usable = np.isfinite(relative)
    told = usable & (counts > 0)[:, None]
    shown = np.where(told, relative, 0.0)
    total = (told * counts[:, None]).sum(0)  # origins that tell of a method
    of_all = (shown * counts[:, None]).sum(0)
    before = np.ones(relative.shape[1]) if prior is None else prior
    pooled = (of_all + PRIOR * before) / (total + PRIOR)
    count = np.where(told, counts[:, None], 0)
    drawn = (count * shown + DRAWN * pooled) / (count + DRAWN)
    weights = np.where(usable, np.maximum(drawn, 1e-3) ** -POWER, 0.0)
    return weights / weights.sum(1, keepdims=True)
