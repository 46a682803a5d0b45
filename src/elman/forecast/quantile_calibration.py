"""Quantiles that a model gives, set right by what happened at rolling origins.

Conformalized quantile regression, each quantile by itself: the quantile of probability tau is moved by the
tau-quantile of what was missed, ``(y - q_tau) / d``, in units of the model's own spread d, the distance of its
outermost quantiles. So a model that knows when it is uncertain keeps that, and one that is too sure, as networks are,
is widened. Few errors weigh little: `PRIOR` horizons of errors are added that say the model is right.

References
----------
Y. Romano, E. Patterson and E. J. Candes, Conformalized quantile regression, NeurIPS (2019). C. Xu and Y. Xie,
Conformal prediction interval for dynamic time-series, ICML (2021).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from elman.checks import floats
from elman.errors import DataError, OptionError, ShapeError
from elman.forecast.conformal import check_lower, hold
from elman.forecast.pointwise import as_forecast, as_level, as_probabilities, as_truth
from elman.forecast.scores import as_scale
from elman.forecast.widths import PRIOR, as_origins, horizons, weighted_quantiles

LEAST_SPREAD = 0.05  # of the scale: what a spread of nothing is taken for
_EVEN = (np.arange(199) + 0.5) / 199


@dataclass(frozen=True)
class QuantileCalibration:
    """How far each quantile has to be moved.

    Attributes
    ----------
    probabilities : ndarray, shape (Q,)
        Of the quantiles.
    shift : ndarray, shape (Q,)
        In units of the model's spread.
    least : ndarray, shape (S,)
        The smallest spread that is used.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> actual = np.random.default_rng(0).normal(size=(20, 5, 3))
    >>> said = np.broadcast_to([-0.5, 0.5], (20, 5, 3, 2))
    >>> found = el.forecast.calibrate_quantiles(actual, said, [0.1, 0.9], np.ones(20), [15, 12, 9, 6, 3])
    >>> found.of(said[:, 0]).shape
    (20, 3, 2)
    """

    probabilities: np.ndarray
    shift: np.ndarray
    least: np.ndarray

    def of(self, quantiles: np.typing.ArrayLike) -> np.ndarray:
        """Quantiles (S, H, Q) of the model, set right and in order.

        Parameters
        ----------
        quantiles : array, shape (S, H, Q)
            What the model says.

        Returns
        -------
        ndarray, shape (S, H, Q)
        """
        given = floats(quantiles, "quantiles", finite=True)
        if given.ndim != 3 or (len(given), given.shape[2]) != (len(self.least), len(self.shift)):
            raise ShapeError(
                f"quantiles has shape {given.shape}; expected ({len(self.least)}, H, {len(self.shift)}), as calibrated"
            )
        given = np.sort(given, axis=-1)
        return np.sort(given + _spread(given, self.least)[..., None] * self.shift, axis=-1)


def calibrate_quantiles(
    actual: np.typing.ArrayLike,
    quantiles: np.typing.ArrayLike,
    probabilities: np.typing.ArrayLike,
    scale: np.typing.ArrayLike,
    origins: np.typing.ArrayLike,
) -> QuantileCalibration:
    """Learn from rolling origins how far a model's quantiles have to be moved.

    Parameters
    ----------
    actual : array (S, K, H)
        What happened; NaN where that is not known.
    quantiles : array (S, K, H, Q)
        What the model said then.
    probabilities : array (Q,)
        Of the quantiles, increasing, two at least.
    scale : array (S,)
        Of each series, as `naive_scales` gives it; NaN where it has none.
    origins : array (K,)
        How many values before the end each forecast started.

    Returns
    -------
    QuantileCalibration

    Raises
    ------
    ShapeError, DataError
        If the arrays do not fit together, or hold no truth to learn from.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth, said = rng.normal(size=(100, 5, 4)), np.broadcast_to([-0.8, 0.0, 0.8], (100, 5, 4, 3))
    >>> found = calibrate_quantiles(truth, said, [0.05, 0.5, 0.95], np.ones(100), 4 * np.arange(5))
    >>> found.of(said[:, 0])[0, 0, [0, 2]].round(1)
    array([-1.6,  1.6])
    """
    truth, levels = as_truth(actual), as_probabilities(probabilities)
    if truth.ndim != 3 or len(levels) < 2:
        raise ShapeError(
            f"actual has shape {truth.shape}, {len(levels)} probabilities; expected (S, K, H) and 2 or more"
        )
    known = np.isfinite(truth)
    if not known.any():
        raise DataError("actual holds no known value; expected truths at one origin at least")
    wide = np.broadcast_to(truth[..., None], (*truth.shape, len(levels)))
    said = np.sort(as_forecast(quantiles, wide, "quantiles"), axis=-1)
    least = LEAST_SPREAD * np.nan_to_num(as_scale(scale, len(truth)))
    spread = _spread(said, least)
    use = known & (spread > 0)
    worth = horizons(np.where(use, truth, np.nan), as_origins(origins, truth.shape[1]))
    mass = np.broadcast_to((worth / np.maximum(use.sum((1, 2)), 1))[:, None, None], use.shape)[use]
    missed = (truth[..., None] - said)[use] / spread[use][:, None]
    return QuantileCalibration(levels, _shifts(missed, mass, levels, (said[use] / spread[use][:, None])), least)


def intervals_of_quantiles(
    quantiles: np.typing.ArrayLike,
    probabilities: np.typing.ArrayLike,
    forecast: np.typing.ArrayLike,
    levels: Iterable[float] = (80, 95),
    *,
    lower: float | None = None,
) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """Intervals out of quantiles, each holding its forecast and all intervals of lower levels.

    Parameters
    ----------
    quantiles : array (S, H, Q)
        In order along Q.
    probabilities : array (Q,)
        Of the quantiles. Between two the quantile is interpolated along the quantiles of a normal distribution;
        beyond the outermost there is none.
    forecast : array (S, H)
        The point forecasts.
    levels : iterable of float, default (80, 95)
        In per cent.
    lower : float, optional
        What no value can be below; no forecast may be.

    Returns
    -------
    dict of float to (ndarray, ndarray)
        By level, low and high, each (S, H).

    Raises
    ------
    OptionError
        If a level needs a quantile beyond the outermost.

    Examples
    --------
    >>> found = intervals_of_quantiles([[[1.0, 2.0, 4.0]]], [0.1, 0.5, 0.9], [[2.5]], [80])
    >>> found[80]
    (array([[1.]]), array([[4.]]))
    """
    points, given = floats(forecast, "forecast", finite=True), floats(quantiles, "quantiles", finite=True)
    at = as_probabilities(probabilities)
    if given.shape != (*points.shape, len(at)):
        raise ShapeError(f"quantiles has shape {given.shape}; expected {(*points.shape, len(at))}: forecast's, and Q")
    check_lower(points, lower)
    found = {}
    for level in levels:
        tail = 0.5 - as_level(level) / 200
        if tail < at[0] - 1e-9 or 1 - tail > at[-1] + 1e-9:
            most = 100 * min(1 - 2 * at[0], 2 * at[-1] - 1)
            raise OptionError(f"level is {level}; the quantiles from {at[0]:g} to {at[-1]:g} reach {most:g} at most")
        found[level] = hold(_between(given, at, tail), _between(given, at, 1 - tail), points, lower)
    return found


def _between(quantiles: np.ndarray, probabilities: np.ndarray, wanted: float) -> np.ndarray:
    """The quantile of one probability, along the normal distribution's."""
    z, place = [NormalDist().inv_cdf(p) for p in probabilities], NormalDist().inv_cdf(wanted)
    upper = min(max(int(np.searchsorted(z, place)), 1), len(z) - 1)
    share = min(max((place - z[upper - 1]) / (z[upper] - z[upper - 1]), 0.0), 1.0)
    return (1 - share) * quantiles[..., upper - 1] + share * quantiles[..., upper]


def _shifts(missed: np.ndarray, mass: np.ndarray, levels: np.ndarray, said: np.ndarray) -> np.ndarray:
    if not len(missed):
        return np.zeros(len(levels))
    curve = np.average(said - said[:, :1], axis=0, weights=mass)  # the model's own quantiles, in units of the spread
    draws = np.interp(_EVEN, levels, curve)
    weight = np.concatenate([mass, np.full(len(draws), PRIOR / len(draws))])
    return np.array(
        [
            weighted_quantiles(np.concatenate([missed[:, q], draws - curve[q]]), weight, level)
            for q, level in enumerate(levels)
        ]
    )


def _spread(quantiles: np.ndarray, least: Any) -> np.ndarray:
    spread = quantiles[..., -1] - quantiles[..., 0]
    return np.maximum(spread, least.reshape(-1, *[1] * (spread.ndim - 1)))
