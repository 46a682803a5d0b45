"""Backtesting: forecasts of the end of a series, made without having seen it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.errors import DataError
from elman.forecast.arguments import as_count, as_values
from elman.forecast.baselines import naive, seasonal_naive
from elman.forecast.choices import choose_origins
from elman.forecast.face import Forecasts
from elman.forecast.metrics import mae, mase, rmse, smape
from elman.training import Callback

METRICS = ("MASE", "sMAPE", "RMSE", "MAE")


@dataclass(frozen=True)
class Backtest:
    """Forecasts from several origins beside what happened.

    Attributes
    ----------
    forecaster : Forecaster
        Trained once, on the values before the first origin; its weights are the same for every origin.
    origins : ndarray of int, shape (B,)
        Index of the first value of each forecast.
    actual : ndarray, shape (B, H)
        What happened.
    forecasts : dict of str to ndarray, shape (B, H)
        By method: the cell's name, ``naive``, and ``seasonal naive`` where there is a season.
    scores : dict of str to dict of str to float
        By method and metric: means over the origins of MASE, sMAPE (per cent) and MAE; RMSE over all forecasts.
    """

    forecaster: Forecasts
    origins: np.ndarray
    actual: np.ndarray
    forecasts: dict[str, np.ndarray]
    scores: dict[str, dict[str, float]]

    @property
    def horizon(self) -> int:
        """Steps of each forecast."""
        return self.actual.shape[1]

    @property
    def season(self) -> int | None:
        """Steps of a season, found in the values before the first origin or given."""
        return self.forecaster.season_


def backtest(
    forecaster: Forecasts,
    series: Any,
    horizon: int | None = None,
    origins: int | None = None,
    callbacks: Iterable[Callback] = (),
) -> Backtest:
    """Train on the beginning of a series and forecast its end from several origins.

    A copy of the forecaster is trained once, on the values before the first origin; that is also where its season and
    scaling come from. It then forecasts from each origin with the same weights, reading the values before it. The
    naive forecasts use the same histories and the same season.

    Parameters
    ----------
    forecaster : Forecaster
        Its parameters; it is not changed.
    series : array, shape (n,)
        The whole series.
    horizon : int, optional
        Steps of each forecast; by default the forecaster's.
    origins : int, optional
        How many; see `elman.forecast.choices.choose_origins`.
    callbacks : iterable of Callback
        Told how the training goes.

    Returns
    -------
    Backtest

    Raises
    ------
    DataError
        If the series is too short to hold back a horizon.
    """
    values = as_values(series)
    params = forecaster.get_params()
    if horizon is not None:
        params["horizon"] = as_count(horizon, "horizon")
    trained = type(forecaster)(**params)
    starts = held_back(trained, len(values), origins)
    return judge(trained.fit(values[: starts[0]], callbacks=callbacks), values, starts)


def held_back(forecaster: Forecasts, n: int, origins: int | None = None) -> np.ndarray:
    """The origins of a backtest on a series of n values; what lies before the first is for training.

    At least half of the series is, and at least the lookback (or 8 values) and two horizons.

    Raises
    ------
    DataError
        If the series is too short.
    """
    horizon = as_count(forecaster.horizon, "horizon")
    count = None if origins is None else as_count(origins, "origins")
    earliest = max(n // 2, (forecaster.lookback or 8) + 2 * horizon)
    starts = choose_origins(n, horizon, earliest, count)
    if len(starts) == 0:
        raise DataError(f"the series has {n} values; a backtest of {horizon} steps needs {earliest + horizon}")
    return starts


def judge(trained: Forecasts, values: np.ndarray, origins: np.ndarray) -> Backtest:
    """Compare the forecasts of a trained forecaster, and naive ones, with what happened.

    Parameters
    ----------
    trained : Forecaster
        Trained on values before the first origin.
    values : array, shape (n,)
        The whole series.
    origins : array of int, shape (B,)
        Indices of the first value of each forecast.

    Returns
    -------
    Backtest
    """
    steps = int(trained.horizon)
    actual = np.stack([values[o : o + steps] for o in origins])
    histories = [values[:o] for o in origins]
    forecasts = {trained.method: _recurrent(trained, histories), **_naive(histories, steps, trained.season_)}
    scores = {name: _score(actual, f, histories, trained.season_ or 1) for name, f in forecasts.items()}
    return Backtest(trained, origins, actual, forecasts, scores)


def _recurrent(forecaster: Forecasts, histories: list[np.ndarray]) -> np.ndarray:
    reach = forecaster.lookback_ + forecaster.view_.lost
    return forecaster.predict_many(np.stack([h[-reach:] for h in histories]), int(forecaster.horizon))


def _naive(histories: list[np.ndarray], steps: int, season: int | None) -> dict[str, np.ndarray]:
    found = {"naive": np.stack([naive(h, steps) for h in histories])}
    if season is not None:
        found["seasonal naive"] = np.stack([seasonal_naive(h, steps, season) for h in histories])
    return found


def _score(actual: np.ndarray, forecast: np.ndarray, histories: list[np.ndarray], season: int) -> dict[str, float]:
    def mean(metric: Callable[..., float], *more: Any) -> float:
        return float(np.mean([metric(a, f, *rest) for a, f, *rest in zip(actual, forecast, *more, strict=True)]))

    return {
        "MASE": mean(lambda a, f, h: mase(a, f, h, season), histories),
        "sMAPE": mean(smape),
        "RMSE": rmse(actual, forecast),
        "MAE": mean(mae),
    }
