"""How far each single value was missed: arrays as large as the truth, NaN where the truth is missing.

What is averaged of them, and how, is for `elman.forecast.scores` to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import floats, listed, real, shown
from elman.errors import DataError, OptionError, ShapeError


def errors(actual: np.typing.ArrayLike, forecast: np.typing.ArrayLike) -> np.ndarray:
    """What happened minus what was said.

    Parameters
    ----------
    actual : array (...)
        NaN where the truth is missing.
    forecast : array (...)
        Of the same shape; only where the truth is missing may it be NaN.

    Raises
    ------
    ShapeError, DataError
        If the shapes differ; if a forecast of a known truth is not finite, or a truth infinite.
    """
    truth = as_truth(actual)
    return truth - as_forecast(forecast, truth, "forecast")


def percentage_errors(actual: np.typing.ArrayLike, forecast: np.typing.ArrayLike) -> np.ndarray:
    """``200 |a - f| / (|a| + |f|)``, of sMAPE: from 0 to 200, and 0 where both are zero."""
    truth = as_truth(actual)
    said = as_forecast(forecast, truth, "forecast")
    error, size = np.abs(truth - said), np.abs(truth) + np.abs(said)
    return 200 * np.divide(error, size, out=np.zeros_like(error), where=size != 0)


def pinball_losses(
    actual: np.typing.ArrayLike, quantiles: np.typing.ArrayLike, probabilities: np.typing.ArrayLike
) -> np.ndarray:
    """``max(tau (a - q), (tau - 1) (a - q))``, the quantile loss of each probability tau.

    Parameters
    ----------
    actual : array (...)
        NaN where the truth is missing.
    quantiles : array (..., Q)
    probabilities : array (Q,)
        In (0, 1), increasing.

    Returns
    -------
    ndarray, shape (..., Q)

    References
    ----------
    R. Koenker and G. Bassett, Regression quantiles, Econometrica 46 (1978).
    """
    levels, truth = as_probabilities(probabilities), as_truth(actual)
    wide = np.broadcast_to(truth[..., None], (*truth.shape, len(levels)))
    error = wide - as_forecast(quantiles, wide, "quantiles")
    return np.maximum(levels * error, (levels - 1) * error)


def crps_of_quantiles(
    actual: np.typing.ArrayLike, quantiles: np.typing.ArrayLike, probabilities: np.typing.ArrayLike
) -> np.ndarray:
    """The continuous ranked probability score of a distribution of which some quantiles are known.

    ``CRPS = 2 integral of pinball(tau) over tau``, by the trapezoidal rule over the given probabilities and 0 at the
    ends: the more there are, and the nearer they come to 0 and 1, the closer.
    """
    losses, levels = pinball_losses(actual, quantiles, probabilities), as_probabilities(probabilities)
    at = np.concatenate([[0.0], levels, [1.0]])
    return losses @ (at[2:] - at[:-2])  # each loss counts half of the way to both neighbours, twice


def crps_of_samples(actual: np.typing.ArrayLike, samples: np.typing.ArrayLike, *, fair: bool = False) -> np.ndarray:
    """The continuous ranked probability score of samples: ``E |X - a| - E |X - X'| / 2``.

    Parameters
    ----------
    actual : array (...)
        NaN where the truth is missing.
    samples : array (..., N)
        Draws from the forecast.
    fair : bool, default False
        Whether the score is that of the distribution the N are drawn from (unbiased, N (N - 1) pairs), and not that
        of the N values themselves.

    Returns
    -------
    ndarray, shape (...)

    References
    ----------
    T. Gneiting and A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, Journal of the American
    Statistical Association 102 (2007). C. A. T. Ferro, Fair scores for ensemble forecasts, Quarterly Journal of the
    Royal Meteorological Society 140 (2014).
    """
    truth, drawn = as_truth(actual), floats(samples, "samples")
    count = drawn.shape[-1] if drawn.ndim else 0
    if count < 1 + fair:
        raise ShapeError(f"samples has shape {drawn.shape}; expected (..., N) with N of at least {1 + fair}")
    wide = np.broadcast_to(truth[..., None], (*truth.shape, count))
    drawn = np.sort(as_forecast(drawn, wide, "samples"), axis=-1)
    ranks = 2 * np.arange(1, count + 1) - count - 1  # sum over pairs of |x_i - x_j| = 2 sum of ranks * sorted x
    spread = drawn @ (ranks / (count * (count - fair)))
    return np.abs(drawn - truth[..., None]).mean(-1) - spread


def covered(actual: np.typing.ArrayLike, low: np.typing.ArrayLike, high: np.typing.ArrayLike) -> np.ndarray:
    """1 where the truth lies between the ends of its interval or on them, else 0; NaN where it is missing."""
    truth, low, high = _interval(actual, low, high)
    return np.where(np.isnan(truth), np.nan, (low <= truth) & (truth <= high))


def interval_scores(
    actual: np.typing.ArrayLike, low: np.typing.ArrayLike, high: np.typing.ArrayLike, level: float
) -> np.ndarray:
    """Winkler's score of an interval: its width, plus ``2 / alpha`` times what the truth lies outside of it.

    Parameters
    ----------
    actual, low, high : array (...)
        What happened, and between what it was said to come to lie.
    level : float
        Of the interval in per cent, as 90; alpha is ``1 - level / 100``.

    References
    ----------
    R. L. Winkler, A decision-theoretic approach to interval estimation, Journal of the American Statistical
    Association 67 (1972).
    """
    truth, low, high = _interval(actual, low, high)
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return high - low + 2 / (1 - as_level(level) / 100) * outside


def as_level(level: Any) -> float:
    """The level of an interval in per cent."""
    percent = real(level, "level", 0, 100, "in per cent, above 0 and below 100, as 90")
    if percent < 1:
        raise OptionError(
            f"level is {percent:g}; expected a number in per cent, of at least 1 and below 100: "
            f"level={100 * percent:g} holds that share of the values to come"
        )
    return percent


def as_levels(levels: Any) -> tuple[float, ...]:
    """One level of intervals, several, or, for None, none; in per cent."""
    if levels is None:
        return ()
    several = [levels] if np.isscalar(levels) else listed(levels, "level", "numbers in per cent")
    return tuple(map(as_level, several))


def as_probabilities(given: Any) -> np.ndarray:
    """Probabilities of quantiles, increasing, in (0, 1)."""
    levels = floats(given, "probabilities")
    if levels.ndim != 1 or not levels.size or not ((levels > 0) & (levels < 1)).all() or (np.diff(levels) <= 0).any():
        raise OptionError(f"probabilities is {shown(given)}; expected increasing numbers in (0, 1), as [0.1, 0.5, 0.9]")
    return levels


def as_truth(actual: Any) -> np.ndarray:
    """What happened: numbers, NaN where one is missing."""
    truth = floats(np.ma.filled(np.ma.asarray(actual, np.float64), np.nan) if np.ma.isMA(actual) else actual, "actual")
    if np.isinf(truth).any():
        place = list(map(int, np.argwhere(np.isinf(truth))[0]))
        raise DataError(f"actual{place} is infinite; expected numbers, NaN where one is missing")
    return truth


def as_forecast(given: Any, truth: np.ndarray, name: str) -> np.ndarray:
    """What was said of each truth: a number wherever that is known."""
    said = floats(given, name)
    if said.shape != truth.shape:
        raise ShapeError(f"{name} has shape {said.shape}; expected {truth.shape}, as what happened")
    wrong = ~np.isfinite(said) & ~np.isnan(truth)
    if wrong.any():
        place = tuple(map(int, np.argwhere(wrong)[0]))
        raise DataError(
            f"{name}{list(place)} is {said[place]} where the truth is known; expected a number "
            f"({int(wrong.sum())} such places)"
        )
    return said


def _interval(actual: Any, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth = as_truth(actual)
    low, high = as_forecast(low, truth, "low"), as_forecast(high, truth, "high")
    if (low > high).any():
        place = tuple(map(int, np.argwhere(low > high)[0]))
        raise DataError(f"low{list(place)} is {low[place]}, above high, {high[place]}")
    return truth, low, high
