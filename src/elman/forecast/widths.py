"""How wide the errors of a method are: by series, by step, and by the level of what is forecast.

Errors are (S, K, H): series, origins, steps ahead, NaN where there is none. Those of overlapping forecasts are much
alike, so that H of them count as one: they are counted in horizons.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from elman.checks import floats
from elman.errors import ShapeError

PRIOR = 5.0  # horizons of errors that what is expected of any method on any series weighs as much as
SHRINK = 2.0  # horizons of errors that what the scale lets expect of a series weighs as much as
CAUTION = 0.25  # horizons of errors at whose number a width is taken half again as wide
POWER = 0.5  # of the level that errors grow with: between errors of a constant size and of a constant percentage
WITHOUT_SEASON = np.array([0.0, 1.3, 0.0])  # of 1, sqrt(k), k in units of the scale: a random walk's
WITH_SEASON = np.array([0.6, 0.2, 0.0])  # whose scale is that of a whole season's changes


def growth_terms(steps: int) -> np.ndarray:
    """1, sqrt(k) and k at the steps k = 1 .. H, (H, 3)."""
    k = np.arange(1.0, steps + 1)
    return np.stack([np.ones(steps), np.sqrt(k), k], axis=1)


def horizons(errors: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """How many horizons of values the errors of each series are about, (S,); a value counts once."""
    steps = errors.shape[2]
    _, place = np.unique(np.subtract.outer(origins, np.arange(steps)), return_inverse=True)
    place = place.reshape(len(origins), steps)
    about = np.zeros((len(errors), place.max() + 1), bool)
    series, origin, step = np.nonzero(np.isfinite(errors))
    about[series, place[origin, step]] = True
    return about.sum(1) / steps


def as_origins(given: Any, count: int) -> np.ndarray:
    """How many values before the end each of the forecasts started, (K,)."""
    starts = floats(given, "origins", finite=True)
    if starts.shape != (count,):
        raise ShapeError(f"origins has shape {starts.shape}; expected ({count},), a number for each origin")
    return starts


def weighted_quantiles(values: np.ndarray, mass: np.ndarray, probabilities: Any) -> np.ndarray:
    """Quantiles of values that do not count alike, between them by straight lines."""
    order = np.argsort(values, kind="stable")
    mass = mass[order]
    return np.interp(probabilities, (np.cumsum(mass) - mass / 2) / mass.sum(), values[order])


def mean_level(forecast: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """The mean forecast of each series, NaN of one whose errors cannot grow with it, (S,)."""
    known = np.isfinite(forecast)  # where there is an error
    total = np.where(known, forecast, 0).sum((1, 2))
    return np.where(positive & (total > 0), total / np.maximum(known.sum((1, 2)), 1), np.nan)


def relative(forecast: np.ndarray, level: np.ndarray) -> np.ndarray:
    """``(|forecast| / level)^(1/2)``, within a tenth and ten times; 1 where a series has no level."""
    wide = level.reshape(-1, *[1] * (forecast.ndim - 1))
    with np.errstate(invalid="ignore"):
        ratio = np.clip(np.abs(forecast) / wide, 0.1, 10) ** POWER
    return np.where(np.isnan(wide), 1.0, ratio)


def fit_growth(errors: np.ndarray, scale: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Coefficients of 1, sqrt(k) and k, none below 0, of the errors' size at each step; their mean over H is 1."""
    terms = growth_terms(errors.shape[2])
    sizes, known = np.abs(errors) / scale[:, None, None], np.isfinite(errors) & np.isfinite(scale)[:, None, None]
    count = known.sum((0, 1)) / np.arange(1, errors.shape[2] + 1)  # forecasts of k steps overlap k times
    size = np.where(known, sizes, 0).sum((0, 1)) / np.maximum(known.sum((0, 1)), 1)
    prior = prior * (count @ size / (count @ prior) if count @ size > 0 else 1.0)  # its form only
    target = (count * size + PRIOR * prior) / (count + PRIOR)
    found = _nonnegative(terms, target, (count + PRIOR) / target**2)
    return found / (terms @ found).mean()


def _nonnegative(terms: np.ndarray, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Least squares with coefficients of at least 0, by trying which of the few are not 0."""
    root, best, least = np.sqrt(weight), np.zeros(terms.shape[1]), np.inf
    for used in (u for n in (1, 2, 3) for u in combinations(range(terms.shape[1]), n)):
        found = np.zeros(terms.shape[1])
        found[list(used)] = np.linalg.lstsq(terms[:, used] * root[:, None], target * root, rcond=None)[0]
        missed = float(weight @ (terms @ found - target) ** 2)
        if (found >= 0).all() and missed < least * (1 - 1e-9):
            best, least = found, missed
    return best


def expected_width(sizes: np.ndarray, worth: np.ndarray, scale: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The width that the scale of each series lets expect, (S,); NaN where there is no scale.

    `sizes` are absolute errors (S, K, H) with their growth divided out, worth so many horizons (S,); `prior` is what
    any method's are at each step, in units of the scale.
    """
    use = (worth > 0) & np.isfinite(scale)
    weight = np.minimum(worth[use], 1)
    ratios = np.nanmean(sizes[use], (1, 2)) / scale[use]
    return scale * (PRIOR * prior.mean() + weight @ ratios) / (PRIOR + weight.sum())


def widths(sizes: np.ndarray, worth: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The width of each series, (S,): its mean size, with what is expected counted as `SHRINK` horizons more."""
    known = np.isfinite(sizes)
    mean = np.where(known, sizes, 0).sum((1, 2)) / np.maximum(known.sum((1, 2)), 1)
    prior = np.where(np.isfinite(expected), SHRINK, 0.0)
    total, count = worth * mean + prior * np.nan_to_num(expected), worth + prior
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def caution(worth: np.ndarray) -> np.ndarray:
    """How much wider intervals have to be as a width is known of so few errors, (S,)."""
    return 1 + CAUTION / (worth + CAUTION)
