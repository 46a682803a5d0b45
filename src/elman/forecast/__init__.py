"""Forecasting: a recurrent forecaster, what it is compared with, and how."""

from typing import TYPE_CHECKING

from elman.attributes import of_module
from elman.forecast.backtest import Backtest, backtest
from elman.forecast.baselines import naive, seasonal_naive
from elman.forecast.conformal import Calibration, calibrate
from elman.forecast.distributions import Distribution, distribution_of
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.forecast.hierarchy import Hierarchy, hierarchy_of_groups, hierarchy_of_matrix
from elman.forecast.local import LocalForecaster
from elman.forecast.metrics import mae, mase, rmse, smape
from elman.forecast.quantile_calibration import QuantileCalibration, calibrate_quantiles, intervals_of_quantiles
from elman.forecast.reconcile import reconcile
from elman.forecast.scale import naive_scales
from elman.forecast.scores import Score, judge, owa, score
from elman.forecast.season import autocorrelation, detect_season
from elman.forecast.verdict import Verdict, compare

__all__ = [
    "Backtest",
    "Calibration",
    "Distribution",
    "Forecast",
    "Forecaster",
    "Hierarchy",
    "LocalForecaster",
    "QuantileCalibration",
    "Score",
    "Verdict",
    "autocorrelation",
    "backtest",
    "calibrate",
    "calibrate_quantiles",
    "compare",
    "detect_season",
    "distribution_of",
    "hierarchy_of_groups",
    "hierarchy_of_matrix",
    "intervals_of_quantiles",
    "judge",
    "mae",
    "mase",
    "naive",
    "naive_scales",
    "owa",
    "reconcile",
    "rmse",
    "score",
    "seasonal_naive",
    "smape",
]

if not TYPE_CHECKING:  # which would take any name for one of ours
    __getattr__ = of_module("forecast", __all__)
