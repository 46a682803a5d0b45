"""Intervals, quantiles and sample paths around point forecasts, from what errors at rolling origins were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.forecast.conformal import Calibration
from elman.forecast.predicted import Band
from elman.forecast.rivals import Histories
from elman.forecast.rivals.histories import at_origins
from elman.forecast.special import normal_cdf

GRID = np.arange(1, 400) / 400  # probabilities that paths are drawn between


def known_widths(calibration: Calibration | None) -> Calibration:
    """The calibration.

    Raises
    ------
    OptionError
        If there is none.
    """
    if calibration is None:
        raise OptionError(
            "nothing says how wide intervals are: no series that ever changes is long enough to hold values back; "
            "give longer series, or a shorter horizon; of a constant series leave level, quantiles and samples out"
        )
    return calibration


def lowest_of(histories: Histories, origins: np.ndarray, nonnegative: bool | None) -> np.ndarray:
    """What no forecast of a series from an origin is below, (S, K)."""
    below = at_origins(np.fmin.accumulate(histories.values, axis=1), origins) < 0
    kept = ~below if nonnegative is None else np.full(below.shape, bool(nonnegative))
    return np.where(kept, 0.0, -np.inf)


def bands_of(
    calibration: Calibration | None, values: np.ndarray, levels: Sequence[float], lowest: np.ndarray
) -> dict[float, Band]:
    """Intervals by level around forecasts (S, H), none below `lowest` (S,)."""
    if not levels:
        return {}
    around = known_widths(calibration).around(values, levels)
    return {level: (np.maximum(low, lowest[:, None]), high) for level, (low, high) in around.items()}


def stacked(bands: Sequence[Mapping[float, Band]]) -> dict[float, Band]:
    """Intervals from K origins, each (S, H), as (S, K, H): of the levels that are known at all of them."""
    known = [level for level in bands[0] if all(level in band for band in bands)] if bands else []
    return {
        level: (np.stack([band[level][0] for band in bands], 1), np.stack([band[level][1] for band in bands], 1))
        for level in known
    }


def quantiles_around(
    calibration: Calibration | None, values: np.ndarray, probabilities: Any, lowest: np.ndarray
) -> dict[float, np.ndarray]:
    """Quantiles by probability around forecasts (S, H), none below `lowest` (S,)."""
    if probabilities is None:
        return {}
    drawn = known_widths(calibration).quantiles(values, probabilities)
    each = np.atleast_1d(probabilities)
    return {float(q): np.maximum(drawn[..., k], lowest[:, None]) for k, q in enumerate(each)}


def paths_around(
    calibration: Calibration | None, values: np.ndarray, count: int, seed: int, lowest: np.ndarray
) -> np.ndarray:
    """Paths that may come true, (S, M, H): at each step as spread as the quantiles say, from step to step as a walk.

    The error at step k is the quantile at ``Phi(w[k] / sqrt(k))`` with w a walk of normal steps, so that errors k and l
    steps ahead are correlated by the root of k / l.
    """
    known = known_widths(calibration)
    random = np.random.default_rng(seed)
    steps = np.arange(1, values.shape[1] + 1)
    walks = np.cumsum(random.normal(size=(len(values), count, len(steps))), axis=2) / np.sqrt(steps)
    shares = normal_cdf(walks)
    found = np.empty(walks.shape)
    quantiles = known.quantiles(values, GRID)  # (S, H, Q)
    for s in range(len(values)):
        for k in range(len(steps)):
            found[s, :, k] = np.interp(shares[s, :, k], GRID, quantiles[s, k])
    return np.maximum(found, lowest[:, None, None])
