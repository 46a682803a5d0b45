"""Forecasting, with a training and without; beside `elman.commands`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Unpack

from elman import checks
from elman.commands_forecast_files import PAGE, PICTURE, ForecastReport, Place, finish
from elman.data.collecting import collect
from elman.data.collection import Collection
from elman.data.known_ahead import future_rows
from elman.data.reading import OF_ROWS, Reading
from elman.data.series import name_of
from elman.errors import OptionError
from elman.forecast import attempts, results
from elman.forecast.arguments import as_count, as_levels
from elman.forecast.forecaster import Forecaster
from elman.forecast.options import ForecasterOptions
from elman.forecast.store import check_savable
from elman.keeping import Kept, usual_again
from elman.saved import Saved, saved_in
from elman.training import Callback


def forecast(
    source: str | Path,
    *,
    horizon: int,
    time: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    group: str | Sequence[str] | None = None,
    past: str | Sequence[str] | None = None,
    future: str | Sequence[str] | None = None,
    static: str | Sequence[str] | None = None,
    future_file: str | Path | None = None,
    reading: Reading | None = None,
    out: str | Path | None = None,
    level: float | Sequence[float] | None = None,
    origins: int | None = None,
    refit: bool = False,
    jobs: int = 1,
    watch: Callable[[str, int], Iterable[Callback]] = lambda stage, networks: (),
    saved: Saved | None = None,
    **params: Unpack[ForecasterOptions],
) -> ForecastReport:
    """Train on recorded series, test the forecasts on their end, forecast what follows, and write it all down.

    Parameters
    ----------
    source : str or Path
        A CSV or Parquet file, or the name of a series that ships with Elman.
    horizon : int
        Steps to forecast.
    time, target, group : str or list of str, optional
        Columns, as for `elman.data.collect`: several targets, or a group, make several series.
    past, future, static : str or list of str, optional
        Columns that are inputs: known up to now, known ahead, and of a series as a whole.
    future_file : str or Path, optional
        A file with the columns of `future` for the steps to come; by default rows behind the series' last values.
    reading : Reading, optional
        Which rows of the file are taken, how its times and numbers are written, and what to do about missing values.
    out : str or Path, optional
        Folder for the results, by default ``forecast-NAME`` in the current one; or a file ``.parquet`` or ``.json``
        for the forecast alone. Any other name is a folder's.
    level : float or sequence of float, optional
        Of the intervals, in per cent, those that the backtest judges too; by default 80 and 95, where the series are
        long enough to know them.
    origins : int, optional
        Forecasts of the backtest; see `elman.forecast.backtest`.
    refit : bool, default False
        Whether the backtest trains anew for each of its forecasts.
    jobs : int, default 1
        Processes of a backtest that does, and of a search with `auto`; -1 for one each core.
    watch : function of (str, int), optional
        Gets the name of a stage, ``"forecast"`` or ``"backtest"``, and how many networks it trains one after the other
        at most, 0 where that is not known; returns callbacks for all of them.
    saved : Saved, optional
        How trainings are saved in the folder ``run`` beside the results while they last; by default they are not.
    **params
        Of `Forecaster`: ``cell``, ``units``, ``season``, ``methods``, ``epochs``, ``seed`` ...

    Returns
    -------
    ForecastReport

    Raises
    ------
    ElmanError
        If data or options cannot be used; nothing is written then, but for a model whose training was finished.
    Interrupted
        After Ctrl-C; what was learnt so far is in the folder.

    Examples
    --------
    >>> import elman as el
    >>> found = el.commands.forecast("sunspots", horizon=3, methods=["theta"], out="sunspots")
    >>> found.folder.name
    'sunspots'
    """
    out = None if out is None else checks.path(out, "out")
    forecaster = Forecaster(horizon=as_count(horizon, "horizon")).set_params(**params)
    tests = _test_options(origins, refit, jobs, forecaster)
    forecaster.check_params()
    check_savable(forecaster)
    levels = None if level is None else as_levels(level)
    judged = {} if levels is None else {"level": levels}
    columns = {"time": time, "target": target, "group": group, "past": past, "future": future, "static": static}
    name = name_of(source)
    place = Place.of(out, f"forecast-{name}", source)
    collection = _collected(source, columns, reading)
    later = None if future_file is None else checks.path(future_file, "future_file")
    future_rows(collection, horizon, later, reading=reading)  # what is missing is refused before the training
    collection.future_times(horizon)  # and so are times beyond the calendar
    kept = Kept(forecaster, place.model, "forecast", None if place.file else place.folder)
    with saved_in(place.run, saved), kept:
        forecaster.fit(collection, callbacks=watch("forecast", 2 * forecaster.members))
        watched = watch("backtest", 0 if refit else 2 * forecaster.members) if jobs == 1 else ()
        test, why_none = attempts.backtested(forecaster, collection, callbacks=watched, **tests, **judged)
        tested = results.describe_backtest(test)
        return finish(name, forecaster, horizon, levels, test, tested, tuple(why_none), place, later, trained=True)


def forecast_again(
    model: str | Path,
    source: str | Path,
    *,
    horizon: int | None = None,
    time: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    group: str | Sequence[str] | None = None,
    future_file: str | Path | None = None,
    reading: Reading | None = None,
    out: str | Path | None = None,
    level: float | Sequence[float] | None = None,
) -> ForecastReport:
    """Forecast series with a model that `forecast` wrote, without training networks.

    Parameters
    ----------
    model : str or Path
        The ``model.safetensors``.
    source, time, target, group, future_file, reading
        As for `forecast`; the series should be of the same kind as those that the model learnt.
    out, level
        As for `forecast`; by default the folder is ``forecast-NAME-again`` where ``forecast-NAME`` is the model's own,
        whose page shows its backtest.
    horizon : int, optional
        By default the one that the model was trained for.

    Returns
    -------
    ForecastReport

    Examples
    --------
    >>> import elman as el
    >>> first = el.commands.forecast("sunspots", horizon=3, methods=["theta"], out="sunspots")
    >>> again = el.commands.forecast_again("sunspots/model.safetensors", "sunspots", out="again")
    >>> bool((again.forecast.values == first.forecast.values).all())
    True
    """
    if horizon is not None:
        horizon = as_count(horizon, "horizon")
    model, out = checks.path(model, "model"), None if out is None else checks.path(out, "out")
    levels = None if level is None else as_levels(level)
    forecaster = Forecaster.load(model)
    name = name_of(source)
    place = Place.of(out, usual_again(model, f"forecast-{name}"), source, trained=False)
    columns = {"time": time, "target": target, "group": group, **forecaster.covariates_}
    collection = _collected(source, columns, reading)
    later = None if future_file is None else checks.path(future_file, "future_file")
    steps = horizon or int(forecaster.horizon)
    collection.future_times(steps)
    if not collection.same_as(forecaster.fitted_basis.collection):
        forecaster.update(collection)
    note = f"the networks of {model} were used as they are: no training, and no backtest, as they may have seen this"
    earlier = results.earlier_backtest(model)
    kept = [f"the backtest in {results.METRICS} is that of the model's training"] if earlier else []
    if (
        earlier
        and place.file is None
        and (place.folder / PAGE).exists()
        and model.absolute().parent == place.folder.absolute()
    ):
        kept.append(f"{PAGE} and {PICTURE} of the training, which showed its backtest, are replaced, as out says")
    return finish(name, forecaster, steps, levels, None, earlier, (note, *kept), place, later, trained=False)


def _collected(source: str | Path, columns: dict[str, Any], reading: Reading | None) -> Collection:
    """The series of a source; its columns are told beside `reading`, not in it."""
    reading = reading or Reading()
    reading.refuse_all_but(OF_ROWS, "a forecast within reading, as time and target are arguments beside it")
    return collect(source, **columns, reading=reading)


def _test_options(origins: int | None, refit: bool, jobs: int, forecaster: Forecaster) -> dict[str, Any]:
    """Options of the backtest, checked; a search gets its jobs too."""
    if origins is not None:
        as_count(origins, "origins")
    checks.jobs(jobs, "jobs")
    if jobs != 1 and not checks.flag(refit, "refit") and not forecaster.auto:
        raise OptionError(
            "jobs are of a search, or of a backtest that trains anew for each forecast; give refit too, or auto, or "
            "leave it out"
        )
    if forecaster.auto and jobs != 1:
        forecaster.set_params(n_jobs=jobs)
    return {"origins": origins, "refit": refit, "n_jobs": jobs if refit else None}
