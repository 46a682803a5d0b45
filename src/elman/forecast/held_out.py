"""The ends of series that a backtest holds back, and what a forecaster says of them that has not seen them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from elman.data.collection import Collection
from elman.data.names import counted, first_of
from elman.errors import DataError, OptionError
from elman.forecast.arguments import as_count
from elman.forecast.choices import choose_origins
from elman.forecast.face import Forecasts
from elman.forecast.predicted import Band
from elman.forecast.uncertainty import stacked
from elman.jobs import as_jobs, run_jobs
from elman.training import Callback

LEAST = 4  # values before the earliest origin


@dataclass(frozen=True)
class HeldOut:
    """Where the forecasts of a backtest start.

    Attributes
    ----------
    collection : Collection
        The series that are long enough.
    origins : ndarray of int, shape (K,)
        Numbers of values before the end, the earliest first.
    horizon : int
        Steps of each forecast.
    notes : tuple of str
        What was left out.
    """

    collection: Collection
    origins: np.ndarray
    horizon: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """What a forecaster says from the origins.

    Attributes
    ----------
    forecaster : Forecaster
        The newest that was fitted.
    values : ndarray, shape (S, K, H)
        Its forecasts.
    intervals : dict of float to (ndarray, ndarray), each (S, K, H)
        By level.
    season : ndarray of int, shape (S,)
        As found before the earliest origin.
    medians : ndarray, shape (S, K, H), or None
        Where forecasts are means.
    notes : tuple of str
        What the user should know.
    """

    forecaster: Forecasts
    values: np.ndarray
    intervals: Mapping[float, Band]
    season: np.ndarray
    medians: np.ndarray | None = None
    notes: tuple[str, ...] = field(default=())


def held_out(collection: Collection, horizon: int, count: int | None) -> HeldOut:
    """Origins half a horizon apart, for which a series of median length has enough before.

    Parameters
    ----------
    collection : Collection
    horizon : int
        Steps of each forecast.
    count : int or None
        How many there are to be; None for as many as `choose_origins` finds.

    Raises
    ------
    DataError
        If no series is long enough.
    """
    n = int(np.median(collection.lengths))
    wanted = None if count is None else as_count(count, "origins")
    places = choose_origins(n, horizon, earliest=max(n // 2, LEAST), count=wanted)
    if not len(places):
        needed = horizon + max(n // 2, LEAST)
        raise DataError(
            f"the {'median ' if len(collection) > 1 else ''}series has {counted(n, 'values')}; a backtest of {horizon} "
            f"steps needs {needed}. Give a shorter horizon, or longer series"
        )
    kept, notes = _long_enough(collection, int(n - places[0]))
    fewer = count is not None and len(places) < count
    notes += (f"the series hold {len(places)} of the {count} forecasts that the backtest was to make",) * fewer
    return HeldOut(kept, n - places, horizon, notes)


def check_jobs(n_jobs: int | None, refit: bool, callbacks: Sequence[Callback]) -> None:
    """Refuse several jobs where there is one fit, or where callbacks cannot be told of them.

    Raises
    ------
    OptionError
    """
    jobs = as_jobs(n_jobs)
    if callbacks and (n_jobs not in (None, 1) or (jobs > 1 and refit)):
        raise OptionError(
            f"n_jobs is {n_jobs}, and other processes cannot tell callbacks how they train; leave one out"
        )
    if n_jobs not in (None, 1) and not refit:
        raise OptionError(
            f"n_jobs is {n_jobs}, and there is one fit, before the earliest origin: give refit=True for one before "
            "each, take el.LocalForecaster for one of each series, or leave n_jobs out"
        )


def said_of(
    make: type[Forecasts],
    params: Mapping[str, Any],
    held: HeldOut,
    levels: Sequence[float],
    refit: bool,
    n_jobs: int | None = None,
    callbacks: Iterable[Callback] = (),
) -> Said:
    """What a copy fitted before the earliest origin says, or one fitted anew before each."""
    if refit:
        return _refitted(make, params, held, levels, n_jobs, callbacks)
    fitted = make(**params).fit(held.collection.without_last(int(held.origins[0])), callbacks=callbacks)
    made, bands = fitted.forecast_from(held.collection, held.origins, levels)
    return Said(fitted, made, bands, fitted.season_, fitted.medians_from(held.collection, held.origins))


def _refitted(
    make: type[Forecasts],
    params: Mapping[str, Any],
    held: HeldOut,
    levels: Sequence[float],
    n_jobs: int | None,
    callbacks: Iterable[Callback],
) -> Said:
    work = partial(_fit_and_forecast, make, params, held.collection, levels, callbacks)
    names = [f"the fit {counted(int(origin), 'values')} before the end" for origin in held.origins]
    found = run_jobs(work, [int(origin) for origin in held.origins], n_jobs, names=names)
    made = np.stack([said.values for _, said in found], axis=1)
    medians = [said.quantiles[0.5] for _, said in found if 0.5 in said.quantiles]
    bands = stacked([dict(said.levels) for _, said in found])
    season = found[0][0].season_
    return Said(found[-1][0], made, bands, season, np.stack(medians, axis=1) if medians else None)


def _fit_and_forecast(
    make: type[Forecasts],
    params: Mapping[str, Any],
    collection: Collection,
    levels: Sequence[float],
    callbacks: Iterable[Callback],
    origin: int,
) -> tuple[Forecasts, Any]:
    fitted = make(**params).fit(collection.without_last(origin), callbacks=callbacks)
    more = {} if fitted.family is None else {"quantiles": [0.5]}
    return fitted, fitted.predict(level=levels if fitted.knows_widths else (), **more)


def _long_enough(collection: Collection, earliest: int) -> tuple[Collection, tuple[str, ...]]:
    enough = collection.lengths >= earliest + LEAST
    if enough.all():
        return collection, ()
    left = [str(name) for name, there in zip(collection.names, enough, strict=True) if not there]
    are = "is" if len(left) == 1 else "are"
    told = f"{counted(len(left), 'series')} too short for the backtest {are} left out: {first_of(left, 3)}"
    return collection.take(enough), (told,)
