"""How far a forecast is from what happened.

MASE compares across series and is the one to look at first: below 1 the forecast errs less than seasonal naive
did on the history. RMSE and MAE are in the units of the series; sMAPE is in per cent, and of little use near zero.
"""

from __future__ import annotations

import numpy as np


def mae(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error, ``mean |actual - forecast|``."""
    return float(np.mean(np.abs(actual - forecast)))


def rmse(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Root mean squared error, ``sqrt(mean (actual - forecast)^2)``."""
    return float(np.sqrt(np.mean(np.square(actual - forecast))))


def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, ``mean 200 |a - f| / (|a| + |f|)``, from 0 to 200.

    Where both are zero the error is zero.
    """
    error, size = np.abs(actual - forecast), np.abs(actual) + np.abs(forecast)
    return float(np.mean(np.divide(200 * error, size, out=np.zeros_like(error, np.float64), where=size > 0)))


def mase(actual: np.ndarray, forecast: np.ndarray, history: np.ndarray, season: int = 1) -> float:
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
        NaN where the history repeats itself exactly, so that there is nothing to compare with.

    References
    ----------
    R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, International Journal of
    Forecasting 22 (2006).
    """
    if len(history) <= season:
        return float("nan")
    scale = mae(history[season:], history[:-season])
    repeats = scale <= 1e-10 * np.abs(history).max()  # to rounding
    return float("nan") if repeats else mae(actual, forecast) / scale
