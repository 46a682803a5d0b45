"""Simple methods that a forecaster has to beat, for many series at once, each in a few equations of its own."""

from elman.forecast.rivals.drift import Drift
from elman.forecast.rivals.ets import Ets
from elman.forecast.rivals.histories import Histories, Rival
from elman.forecast.rivals.naive import Naive
from elman.forecast.rivals.seasonal_naive import SeasonalNaive
from elman.forecast.rivals.theta import Theta

__all__ = ["Drift", "Ets", "Histories", "Naive", "Rival", "SeasonalNaive", "Theta"]
