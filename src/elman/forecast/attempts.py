"""What a forecast can do without, its backtest and its intervals: each is there, or a note says why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.data.collection import Collection
from elman.data.names import counted, first_of
from elman.errors import DataError
from elman.forecast.backtest import LEVELS, Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast

Levels = Sequence[float]


def backtested(forecaster: Forecaster, collection: Collection, **options: Any) -> tuple[Backtest | None, list[str]]:
    """The backtest, or a note that says why there is none."""
    try:
        test = forecaster.backtest(collection, **options)
    except DataError as error:
        return None, [f"no backtest: {error}"]
    return test, [*test.notes, *_other_seasons(forecaster, test)]


def _other_seasons(forecaster: Forecaster, test: Backtest) -> list[str]:
    """A note where the backtest, which knew less, saw other seasons than the forecast does."""
    numbers = {name: s for s, name in enumerate(forecaster.fitted_basis.collection.names)}
    now = forecaster.season_[[numbers[name] for name in test.collection.names]]
    other = np.flatnonzero(now != test.season)
    if not len(other):
        return []
    if len(now) == 1:
        before, after = season_in_words(int(test.season[0])), season_in_words(int(now[0]))
        return [f"the backtest saw {before} in the values before it, and the forecast {after} in all of them"]
    names = first_of((repr(test.collection.names[s]) for s in other), 3)
    show = "shows" if len(other) == 1 else "show"
    return [
        f"{len(other)} of {len(now)} series {show} another season now than in the values before the backtest: {names}"
    ]


def season_in_words(season: int) -> str:
    return f"a season of {season} steps" if season > 1 else "no season"


def forecast_with_intervals(
    forecaster: Forecaster, horizon: int, levels: Levels | None, future: Any = None
) -> tuple[Forecast, list[str]]:
    """The forecast with intervals of these levels; where none are asked for, with the usual ones if they are known."""
    if levels is not None or forecaster.knows_widths:
        return forecaster.predict(horizon, level=LEVELS if levels is None else levels, future=future), []
    why = "no intervals: no series that changes is long enough to hold values back, which would say how wide they are"
    return forecaster.predict(horizon, level=(), future=future), [why]


def notes_of(collection: Collection) -> list[str]:
    """Notes of values that are missing, and of series that never change."""
    return [*_missing(collection), *_constant(collection)]


def _constant(collection: Collection) -> list[str]:
    series = [collection.series(s) for s in range(len(collection))]
    count = sum(len(values) > 1 and np.nanmin(values) == np.nanmax(values) for values in series)
    if not count:
        return []
    if len(series) == 1:
        return ["the series is constant: there is nothing to learn, and the forecast repeats its value"]
    return [f"{count} of {len(series)} series {'is' if count == 1 else 'are'} constant: their forecasts repeat a value"]


def _missing(collection: Collection) -> list[str]:
    missing = np.isnan(collection.values)
    if not missing.any():
        return []
    count = int(missing.sum())
    series = np.unique(np.searchsorted(collection.borders, np.flatnonzero(missing), side="right"))
    where = f", in {len(series)} of {len(collection)} series" if len(collection) > 1 else ""
    return [
        f"{count} of {counted(len(missing), 'values')} {'is' if count == 1 else 'are'} missing{where}: the methods go "
        "on over gaps, and errors are counted where values are known (--fill fills them)"
    ]
