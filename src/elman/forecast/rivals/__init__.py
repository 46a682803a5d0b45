"""Simple methods that a forecaster has to beat, for many series at once, each in a few equations of its own."""

from elman.forecast.rivals.arima import Arima
from elman.forecast.rivals.combination import Combination
from elman.forecast.rivals.drift import Drift
from elman.forecast.rivals.ets import DAMPED, FORMS, Ets
from elman.forecast.rivals.ets_fit import Form
from elman.forecast.rivals.histories import Histories, Rival
from elman.forecast.rivals.naive import Naive
from elman.forecast.rivals.seasonal_naive import SeasonalNaive
from elman.forecast.rivals.several_seasons import SeveralSeasons
from elman.forecast.rivals.theta import Theta

RIVALS: tuple[Rival, ...] = (
    Naive(),
    SeasonalNaive(),
    Drift(),
    Theta(),
    Theta(dynamic=True),
    Ets(),
    Arima(),
    SeveralSeasons(),
    Combination(),
)

__all__ = [
    "DAMPED",
    "FORMS",
    "RIVALS",
    "Arima",
    "Combination",
    "Drift",
    "Ets",
    "Form",
    "Histories",
    "Naive",
    "Rival",
    "SeasonalNaive",
    "SeveralSeasons",
    "Theta",
]
