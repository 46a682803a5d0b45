"""The page of a forecast."""

from __future__ import annotations

from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.insight.report import Report, Section


def page(name: str, forecaster: Forecaster, forecast: Forecast, test: Backtest | None, notes: tuple[str, ...]) -> bytes:
    """One page with its pictures inside."""
    return Report(f"Forecast of {name}", [Section("Data", str(forecaster.fitted_basis.collection))]).html().encode()
