"""Intervals from the errors that a method made at rolling origins, whatever the method is.

An error of series s, k steps ahead, is taken apart into a width and a shape:

    y - f = sigma_s  g(k)  sqrt(f / mean f)  r

- ``g(k) = a + b sqrt(k) + c k``, how errors grow with the step, is one curve for all series;
- ``sigma_s`` is the series' own mean error, drawn towards what its scale lets expect, the more the fewer errors it has,
  and a little wider for its being an estimate;
- where all is positive, errors grow with the root of what is forecast: between a constant size and a percentage;
- the quantiles of r, which need not be symmetric, are those of all series together. The mass of one more error, which
  split conformal prediction puts at infinity, and a little more lies as Student's t has it, so that the tails of few
  errors do not end at the largest.

So a few origins suffice, where the quantile of each step alone would need hundreds; errors of one series count by how
many values they are about, not by how many overlapping forecasts they come from.

References
----------
V. Vovk, A. Gammerman and G. Shafer, Algorithmic learning in a random world (2005). J. Lei et al., Distribution-free
predictive inference for regression, Journal of the American Statistical Association 113 (2018).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.checks import floats, is_number, whole
from elman.data.names import listed
from elman.errors import DataError, OptionError, ShapeError
from elman.forecast import widths
from elman.forecast.distributions import student_t_quantiles
from elman.forecast.pointwise import as_forecast, as_level, as_probabilities, as_truth
from elman.forecast.scores import as_scale

T5 = student_t_quantiles(5.0, np.arange(1, 400) / 400)
T5 /= np.abs(T5).mean()
GRID = np.arange(1, 2000) / 2000  # the probabilities whose quantiles of the shape are kept


@dataclass(frozen=True)
class Calibration:
    """What errors at rolling origins say about those to come.

    Attributes
    ----------
    sigma : ndarray, shape (S,)
        The width of each series' errors.
    growth : ndarray, shape (3,)
        The coefficients of 1, sqrt(k) and k.
    level : ndarray, shape (S,)
        The mean forecast of each series at the origins; NaN where errors do not grow with it.
    shape : ndarray, shape (N,)
        Quantiles of the errors in units of their width, at the probabilities 1 / (N + 1) .. N / (N + 1).
    notes : tuple of str
        What the user should know.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> random = np.random.default_rng(0)
    >>> actual, said = random.normal(size=(20, 5, 3)), np.zeros((20, 5, 3))
    >>> found = el.forecast.calibrate(actual, said, np.ones(20), [15, 12, 9, 6, 3])
    >>> found.quantiles(np.zeros((20, 3)), [0.1, 0.9]).shape
    (20, 3, 2)
    """

    sigma: np.ndarray
    growth: np.ndarray
    level: np.ndarray
    shape: np.ndarray
    notes: tuple[str, ...] = ()

    def quantiles(self, forecast: np.typing.ArrayLike, probabilities: np.typing.ArrayLike) -> np.ndarray:
        """Quantiles around point forecasts (S, H), for any H, as (S, H, Q), increasing along Q.

        Parameters
        ----------
        forecast : array, shape (S, H)
            What is said of the steps to come.
        probabilities : array, shape (Q,)
            Increasing, in (0, 1).

        Returns
        -------
        ndarray, shape (S, H, Q)
        """
        points = self._points(forecast)
        at = np.arange(1, len(self.shape) + 1) / (len(self.shape) + 1)
        r = np.interp(as_probabilities(probabilities), at, self.shape)
        return points[..., None] + self._width(points)[..., None] * r

    def around(
        self, forecast: np.typing.ArrayLike, levels: Iterable[float] = (80, 95), *, lower: float | None = None
    ) -> dict[float, tuple[np.ndarray, np.ndarray]]:
        """Intervals around point forecasts, each holding its forecast and all intervals of lower levels.

        Parameters
        ----------
        forecast : array (S, H)
            For any H: beyond the steps that were calibrated the widths go on growing as they did.
        levels : iterable of float, default (80, 95)
            In per cent.
        lower : float, optional
            What no value can be below, such as 0 of a count; no forecast may be.

        Returns
        -------
        dict of float to (ndarray, ndarray)
            By level, low and high, each (S, H).

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> errors = rng.normal(size=(50, 8, 4))
        >>> found = calibrate(errors, np.zeros((50, 8, 4)), np.ones(50), origins=4 * np.arange(8, 0, -1))
        >>> low, high = found.around(np.zeros((50, 4)), [90])[90]
        >>> bool(1.4 < high.mean() < 1.9)
        True
        """
        points = self._points(forecast)
        check_lower(points, lower)
        found = {}
        for level in levels:
            tail = 0.5 - as_level(level) / 200
            low, high = np.moveaxis(self.quantiles(points, [tail, 1 - tail]), -1, 0)
            found[level] = hold(low, high, points, lower)
        return found

    def _width(self, points: np.ndarray) -> np.ndarray:
        growth = widths.growth_terms(points.shape[1]) @ self.growth
        return self.sigma[:, None] * growth * widths.relative(points, self.level)

    def _points(self, forecast: Any) -> np.ndarray:
        points = floats(forecast, "forecast", finite=True)
        if points.ndim != 2 or len(points) != len(self.sigma):
            raise ShapeError(f"forecast has shape {points.shape}; expected ({len(self.sigma)}, H), a row each series")
        return points


def calibrate(
    actual: np.typing.ArrayLike,
    forecast: np.typing.ArrayLike,
    scale: np.typing.ArrayLike,
    origins: np.typing.ArrayLike,
    *,
    season: int = 1,
    names: Sequence[Any] | None = None,
) -> Calibration:
    """Learn from errors at rolling origins how wide intervals have to be.

    Parameters
    ----------
    actual, forecast : array (S, K, H)
        What happened and what was said then; a truth that is missing, or was not known yet, is NaN.
    scale : array (S,)
        Of each series, as `naive_scales` gives it; NaN where it has none.
    origins : array (K,)
        How many values before the end each forecast started; forecasts less than H apart overlap.
    season : int, default 1
        Of the scale; what is expected of errors, as long as there are few, differs with and without one.
    names : sequence, optional
        Of the series, for notes; by default their numbers.

    Returns
    -------
    Calibration

    Raises
    ------
    ShapeError, DataError
        If the arrays do not fit together, or hold no error to learn from.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> random = np.random.default_rng(0)
    >>> actual, said = random.normal(size=(20, 5, 3)), np.zeros((20, 5, 3))
    >>> found = el.forecast.calibrate(actual, said, np.ones(20), [15, 12, 9, 6, 3])
    >>> found.quantiles(np.zeros((20, 3)), [0.1, 0.9]).shape
    (20, 3, 2)
    """
    truth = as_truth(actual)
    said = as_forecast(forecast, truth, "forecast")
    if truth.ndim != 3:
        raise ShapeError(f"actual has shape {truth.shape}; expected (S, K, H): series, origins, steps ahead")
    errors, unit = truth - said, as_scale(scale, len(truth))
    known = np.isfinite(errors)
    if not known.any():
        raise DataError("actual holds no known value; expected errors at one origin at least")
    worth = widths.horizons(errors, widths.as_origins(origins, truth.shape[1]))
    positive = ~(known & ((truth <= 0) | (said <= 0))).any((1, 2))
    level = widths.mean_level(np.where(known, said, np.nan), positive)
    found = _take_apart(errors / widths.relative(said, level), worth, unit, level, whole(season, "season") > 1)
    return replace(found, notes=_notes(found.sigma, range(len(truth)) if names is None else names))


def _take_apart(
    errors: np.ndarray, worth: np.ndarray, unit: np.ndarray, level: np.ndarray, seasonal: bool
) -> Calibration:
    """Width, growth and shape of errors of which the level is divided out."""
    terms = widths.growth_terms(errors.shape[2])
    prior = terms @ (widths.WITH_SEASON if seasonal else widths.WITHOUT_SEASON)
    growth = widths.fit_growth(errors, unit, prior)
    parts = errors / (terms @ growth)
    sigma = widths.widths(np.abs(parts), worth, widths.expected_width(np.abs(parts), worth, unit, prior))
    wide = sigma[:, None, None]
    shape = _shape(np.divide(parts, wide, out=np.full_like(parts, np.nan), where=wide > 0), worth)
    return Calibration(sigma * widths.caution(worth), growth, level, shape)


def _shape(parts: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Quantiles of errors in units of their width; of few errors, mostly those of Student's t of 5 degrees."""
    known = np.isfinite(parts)
    each = np.broadcast_to((worth / np.maximum(known.sum((1, 2)), 1))[:, None, None], parts.shape)
    values = np.concatenate([parts[known], T5])
    mass = np.concatenate([each[known], np.full(len(T5), widths.PRIOR / len(T5))])
    return widths.weighted_quantiles(values, mass, GRID)


def _notes(sigma: np.ndarray, names: Sequence[Any]) -> tuple[str, ...]:
    flat = np.flatnonzero(sigma <= 0)
    if not flat.size:
        return ()
    some = listed([repr(names[number]) for number in flat.tolist()], 5)
    return (f"intervals without width for {flat.size} of {len(sigma)} series, constant and always met: {some}",)


def hold(low: np.ndarray, high: np.ndarray, points: np.ndarray, lower: float | None) -> tuple[np.ndarray, np.ndarray]:
    """An interval that holds its forecast, and nothing below the bound."""
    low, high = np.minimum(low, points), np.maximum(high, points)
    return (low if lower is None else np.maximum(low, lower)), high


def check_lower(points: np.ndarray, lower: float | None) -> None:
    """Refuse a bound that is no number, and forecasts below it."""
    if lower is None:
        return
    if not is_number(lower) or not np.isfinite(lower):
        raise OptionError(f"lower is {lower!r}; expected a number, or None for no bound")
    if (points < lower).any():
        raise DataError(f"forecast holds {points.min():g}, below lower={lower:g}; raise such forecasts to it first")
