"""Forecasting: a recurrent forecaster, what it is compared with, and how."""

from elman.forecast.backtest import Backtest, backtest
from elman.forecast.baselines import naive, seasonal_naive
from elman.forecast.conformal import Calibration, calibrate
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.forecast.metrics import mae, mase, rmse, smape
from elman.forecast.quantile_calibration import QuantileCalibration, calibrate_quantiles
from elman.forecast.scale import naive_scales
from elman.forecast.scores import Score, judge, owa, score
from elman.forecast.season import autocorrelation, detect_season
from elman.forecast.verdict import Verdict, compare

__all__ = [
    "Backtest",
    "Calibration",
    "Forecast",
    "Forecaster",
    "QuantileCalibration",
    "Score",
    "Verdict",
    "autocorrelation",
    "backtest",
    "calibrate",
    "calibrate_quantiles",
    "compare",
    "detect_season",
    "judge",
    "mae",
    "mase",
    "naive",
    "naive_scales",
    "owa",
    "rmse",
    "score",
    "seasonal_naive",
    "smape",
]
