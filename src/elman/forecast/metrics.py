"""How far a forecast is from what happened.

MASE compares across series and is the one to look at first: below 1 the forecast errs less than seasonal naive
did on the history. RMSE and MAE are in the units of the series; sMAPE is in per cent, and of little use near zero.

Arrays of any shape, both of the same; what is not finite is refused, as one NaN would make the whole figure one.
Many series from many origins, some of their truths missing, are judged by `elman.forecast.scores`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import floats, whole
from elman.errors import DataError
from elman.forecast.scale import naive_scale


def mae(actual: np.typing.ArrayLike, forecast: np.typing.ArrayLike) -> float:
    """Mean absolute error, ``mean |actual - forecast|``.

    Parameters
    ----------
    actual, forecast : array, of one shape
        What happened and what was said.

    Returns
    -------
    float

    Examples
    --------
    >>> import elman as el
    >>> round(el.forecast.mae([1.0, 2.0], [1.0, 4.0]), 3)
    1.0
    """
    actual, forecast = _pair(actual, forecast)
    return float(np.mean(np.abs(actual - forecast)))


def rmse(actual: np.typing.ArrayLike, forecast: np.typing.ArrayLike) -> float:
    """Root mean squared error, ``sqrt(mean (actual - forecast)^2)``.

    Parameters
    ----------
    actual, forecast : array, of one shape
        What happened and what was said.

    Returns
    -------
    float

    Examples
    --------
    >>> import elman as el
    >>> round(el.forecast.rmse([1.0, 2.0], [1.0, 4.0]), 3)
    1.414
    """
    actual, forecast = _pair(actual, forecast)
    return root_mean_square(actual - forecast)


def smape(actual: np.typing.ArrayLike, forecast: np.typing.ArrayLike) -> float:
    """Symmetric mean absolute percentage error, ``mean 200 |a - f| / (|a| + |f|)``, from 0 to 200.

    Where both are zero the error is zero.

    Parameters
    ----------
    actual, forecast : array, of one shape
        What happened and what was said.

    Returns
    -------
    float

    Examples
    --------
    >>> import elman as el
    >>> round(el.forecast.smape([1.0, 2.0], [1.0, 4.0]), 3)
    33.333
    """
    actual, forecast = _pair(actual, forecast)
    error, size = np.abs(actual - forecast), np.abs(actual) + np.abs(forecast)
    return float(np.mean(200 * np.divide(error, size, out=np.zeros_like(error), where=size > 0)))


def mase(
    actual: np.typing.ArrayLike, forecast: np.typing.ArrayLike, history: np.typing.ArrayLike, season: int = 1
) -> float:
    """Mean absolute scaled error: the MAE over the MAE of seasonal naive, one step ahead, on the history.

    Parameters
    ----------
    actual, forecast : array, shape (H,)
        What happened and what was said.
    history : array, shape (n,)
        All that was known before.
    season : int, default 1
        Steps m of a season; 1 where there is none.

    Returns
    -------
    float
        NaN where the history repeats itself exactly, or is no longer than a season, so that there is nothing to
        compare with.

    References
    ----------
    R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, International Journal of
    Forecasting 22 (2006).

    Examples
    --------
    >>> import elman as el
    >>> el.forecast.mase([5.0, 6.0], [5.0, 8.0], history=[1.0, 2.0, 3.0, 4.0])
    1.0
    """
    season = whole(season, "season")
    error, history = mae(actual, forecast), _finite(history, "history")
    return error / naive_scale(history, season)


def root_mean_square(errors: np.ndarray) -> float:
    """``sqrt(mean errors^2)``, where squares would leave what float64 holds too."""
    size = np.abs(errors).max()
    return float(size * np.sqrt(np.mean(np.square(errors / size)))) if 0 < size < np.inf else float(size)


def _pair(actual: Any, forecast: Any) -> tuple[np.ndarray, np.ndarray]:
    actual, forecast = _finite(actual, "actual"), _finite(forecast, "forecast")
    if actual.shape != forecast.shape:
        raise DataError(f"actual has shape {actual.shape} and forecast {forecast.shape}; expected the same")
    return actual, forecast


def _finite(given: Any, name: str) -> np.ndarray:
    array = np.ma.filled(np.ma.asarray(given, np.float64), np.nan) if np.ma.isMA(given) else floats(given, name)
    if not array.size:
        raise DataError(f"{name} is empty; expected at least one value")
    if not np.isfinite(array).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise DataError(f"{name}{list(place)} is {array[place]}; expected finite numbers")
    return array
