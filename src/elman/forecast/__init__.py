"""Forecasting: a recurrent forecaster, what it is compared with, and how."""

from elman.forecast.backtest import Backtest, backtest
from elman.forecast.baselines import naive, seasonal_naive
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.forecast.metrics import mae, mase, rmse, smape
from elman.forecast.season import autocorrelation, detect_season

__all__ = [
    "Backtest",
    "Forecast",
    "Forecaster",
    "autocorrelation",
    "backtest",
    "detect_season",
    "mae",
    "mase",
    "naive",
    "rmse",
    "seasonal_naive",
    "smape",
]
