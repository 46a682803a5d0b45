"""What a user can do, one function each. The command line and the web page are thin shells over these."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.bench.measure import Measurement, Watcher, measure
from elman.bench.turns import Options
from elman.bench.workloads import choose
from elman.cells import catalogue
from elman.data.conditions import Where
from elman.data.gaps import Fill
from elman.data.reading import Reading
from elman.data.sentinels import Missing
from elman.data.series import Series, read_series
from elman.engine.native import default_threads
from elman.equations import Cell
from elman.files import check_file, check_writable, write_folder, write_whole
from elman.forecast import attempts, results
from elman.forecast.arguments import as_cell, as_count
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.keeping import MODEL, Kept
from elman.forecast.keeping import Interrupted as Interrupted  # what `forecast` raises
from elman.forecast.store import check_savable
from elman.insight.report import Report, report
from elman.plain import to_json
from elman.sequences import sequences
from elman.training import Callback

FORECAST, PICTURE = "forecast.csv", "forecast.png"


@dataclass(frozen=True)
class ForecastReport:
    """What a forecast command found and where it put it.

    Attributes
    ----------
    series : Series
        What was recorded.
    forecaster : Forecaster
        Trained on all of it, or read from a file.
    times : ndarray, shape (H,)
        Of the forecast.
    values : ndarray, shape (H,)
        The forecast.
    backtest : Backtest or None
        None where the series is too short for one, or the model was read from a file.
    notes : tuple of str
        What the user should know.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.
    """

    series: Series
    forecaster: Forecaster
    times: np.ndarray
    values: np.ndarray
    backtest: Backtest | None
    notes: tuple[str, ...]
    folder: Path
    files: tuple[str, ...]


def forecast(
    source: str | Path,
    *,
    horizon: int,
    time: str | Sequence[str] | None = None,
    target: str | None = None,
    fill: Fill = "none",
    sort: bool = False,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    where: Where | None = None,
    missing: Missing | None = None,
    out: str | Path | None = None,
    origins: int | None = None,
    watch: Callable[[str, int], Iterable[Callback]] = lambda stage, networks: (),
    **params: Any,
) -> ForecastReport:
    """Train on a recorded series, test the forecasts on its end, forecast what follows, and write it all down.

    Parameters
    ----------
    source : str or Path
        A CSV or Parquet file, or the name of a series that ships with Elman.
    horizon : int
        Steps to forecast.
    time, target, fill, sort, date_format, dayfirst, decimal, thousands, where, missing
        As for `elman.data.load_series`.
    out : str or Path, optional
        Folder for the results, by default ``forecast-NAME`` in the current one.
    origins : int, optional
        Forecasts of the backtest; see `elman.forecast.backtest`.
    watch : function of (str, int), optional
        Gets the name of a stage, ``"backtest"`` or ``"forecast"``, and how many networks it trains one after the other;
        returns callbacks for all of them.
    **params
        Of `Forecaster`: ``cell``, ``hidden``, ``lookback``, ``season``, ``epochs``, ``seed`` ...

    Returns
    -------
    ForecastReport

    Raises
    ------
    ElmanError
        If data or options cannot be used; nothing is written then, but for a model whose training was finished.
    Interrupted
        After Ctrl-C; the best model so far is in the folder.
    """
    out = None if out is None else checks.path(out, "out")
    forecaster = Forecaster(horizon=as_count(horizon, "horizon")).set_params(**params)
    forecaster.check_params()
    check_savable(forecaster)
    reading = Reading(time, target, fill, sort, date_format, dayfirst, decimal, thousands, where, missing)
    series = read_series(source, reading)
    folder = _folder(out, series)
    check_writable(folder, (FORECAST, PICTURE, results.METRICS, MODEL))
    series.future(horizon)  # times beyond the calendar are refused before the training
    if origins is not None:
        as_count(origins, "origins")
    forecaster.check_series(series.values)
    with Kept(folder) as kept:
        test, why_none = attempts.backtested(
            forecaster, series.values, origins, watch("backtest", forecaster.members), kept
        )
        like, why_other = attempts.choices_of(test, series.values)
        kept.offer(forecaster)
        forecaster.fit(series.values, callbacks=watch("forecast", forecaster.members), like=like)
        notes = (*series.notes, *attempts.notes_of(forecaster), *why_none, *why_other)
        tested = results.describe_backtest(series, test)
        return _finish(series, forecaster, horizon, test, tested, notes, folder, trained=True)


def forecast_again(
    model: str | Path,
    source: str | Path,
    *,
    horizon: int | None = None,
    time: str | Sequence[str] | None = None,
    target: str | None = None,
    fill: Fill = "none",
    sort: bool = False,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    where: Where | None = None,
    missing: Missing | None = None,
    out: str | Path | None = None,
) -> ForecastReport:
    """Forecast a series with a model that `forecast` wrote, without training.

    Parameters
    ----------
    model : str or Path
        The ``model.safetensors``.
    source, time, target, fill, sort, date_format, dayfirst, decimal, thousands, where, missing, out
        As for `forecast`; the series should be of the same kind as the one that the model learnt.
    horizon : int, optional
        By default the one that the model was trained for.

    Returns
    -------
    ForecastReport
    """
    if horizon is not None:
        horizon = as_count(horizon, "horizon")
    model, out = checks.path(model, "model"), None if out is None else checks.path(out, "out")
    forecaster = Forecaster.load(model)
    reading = Reading(time, target, fill, sort, date_format, dayfirst, decimal, thousands, where, missing)
    series = read_series(source, reading)
    folder = _folder(out, series)
    check_writable(folder, (FORECAST, PICTURE, results.METRICS))
    steps = horizon or int(forecaster.horizon)
    series.future(steps)
    note = f"the model of {model} was used as it is: no training, and no backtest, as it may have seen these values"
    earlier = results.earlier_backtest(model)
    kept = [f"the backtest in {results.METRICS} is that of the model's training"] if earlier else []
    notes = (*series.notes, note, *kept)
    return _finish(series, forecaster, steps, None, earlier, notes, folder, trained=False)


def bench(
    *,
    only: Iterable[str] = (),
    quick: bool = False,
    threads: int | None = None,
    rounds: int | None = None,
    json: str | Path | None = None,
    watcher: Watcher | None = None,
) -> Measurement:
    """Time Elman on this machine: training, inference and streaming, beside the machine's matrix product.

    Parameters
    ----------
    only : list of str, optional
        Only workloads whose name holds one of these, as ``["W3", "W6 GRU"]``; all by default.
    quick : bool, default False
        The small workloads, in 3 rounds instead of 9.
    threads : int, optional
        By default ``ELMAN_THREADS`` or the cores that this process may use.
    rounds : int, optional
        Turns of each, of a fifth of a second; a time is their median.
    json : str or Path, optional
        A file for the figures; nothing is written without.
    watcher : Watcher, optional
        Told of each figure as it is measured.

    Returns
    -------
    Measurement

    Raises
    ------
    OptionError
        If no workload has such a name, or the file cannot be written; nothing is measured then.
    """
    chosen = choose(only, quick)
    threads = default_threads() if threads is None else as_count(threads, "threads")
    rounds = (3 if quick else 9) if rounds is None else as_count(rounds, "rounds")
    file = None if json is None else checks.path(json, "json")
    if file is not None:
        check_file(file)
    found = measure(chosen, Options(threads, rounds, patience_s=1 if quick else 15), watcher)
    if file is not None:
        write_whole(file, (to_json(found.plain(), "figures", indent=1, undefined_as_null=True) + "\n").encode())
    return found


@dataclass(frozen=True)
class Inspection:
    """What an inspect command found and where it put it.

    Attributes
    ----------
    report : Report
        Sections with words, tables, pictures and numbers.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.
    """

    report: Report
    folder: Path
    files: tuple[str, ...]


def inspect_model(
    model: str | Path,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    reading: Reading | None = None,
) -> Inspection:
    """Look inside a model: units, gradients, memory, dynamics; written down as a page and as JSON.

    Parameters
    ----------
    model : str or Path
        A network, forecaster or language model that was saved.
    data : str or Path, optional
        Data of the kind that it works on; see `elman.sequences.sequences`.
    out : str or Path, optional
        Folder for ``report.html`` and ``report.json``, by default ``inspect-NAME`` in the current one.
    reading : Reading, optional
        How a file of data is read.

    Returns
    -------
    Inspection

    Raises
    ------
    ElmanError
        If a file cannot be read, or the model has no states; nothing is written then.
    """
    model = checks.path(model, "model")
    folder = Path(f"inspect-{_name_of(model)}") if out is None else checks.path(out, "out")
    check_writable(folder)
    found = sequences(model, data, reading)
    written = report(found.net, found.x, f"Inside {model}", found.about)
    write_folder(folder, {"report.html": written.write_html, "report.json": written.write_json})
    return Inspection(written, folder, ("report.html", "report.json"))


def _name_of(model: Path) -> str:
    """Of its folder, where the file is called what every model is called."""
    return model.absolute().parent.name if model.name == MODEL else model.stem


@dataclass(frozen=True)
class CellEntry:
    """A cell of the catalogue.

    Attributes
    ----------
    name : str
        As ``--cell`` takes it.
    about : str
        First sentence of its docstring.
    equations : list of str
        One a line.
    """

    name: str
    about: str
    equations: list[str]


def cells(name: str | None = None) -> list[CellEntry]:
    """Every built-in cell with its equations, by name; or the one of that name.

    Raises
    ------
    OptionError
        If there is no such cell.
    """
    chosen = sorted(catalogue().items()) if name is None else [(name, as_cell(name))]
    return [CellEntry(key, _about(cell), cell.equations()) for key, cell in chosen]


def _folder(out: str | Path | None, series: Series) -> Path:
    return Path(f"forecast-{series.name}") if out is None else Path(out)


def _finish(
    series: Series,
    forecaster: Forecaster,
    horizon: int,
    test: Backtest | None,
    tested: dict[str, Any] | None,
    notes: tuple[str, ...],
    folder: Path,
    *,
    trained: bool,
) -> ForecastReport:
    """Forecast, and write everything into the folder."""
    values = forecaster.predict(horizon, series)
    drawn, why_not = attempts.drawn(series, values, forecaster.method, test)
    notes = (*notes, *attempts.raised(forecaster, values), *why_not)
    files: dict[str, Callable[[Path], Any] | None] = {
        FORECAST: lambda path: results.write_csv(path, series, values),
        PICTURE: None if drawn is None else lambda path: path.write_bytes(drawn),
        results.METRICS: lambda path: results.write_metrics(
            path, series, forecaster, horizon, tested, notes, trained=trained
        ),
    }
    if trained:
        files[MODEL] = forecaster.save
    write_folder(folder, files)
    written = tuple(name for name, write in files.items() if write is not None)
    return ForecastReport(series, forecaster, series.future(horizon), values, test, notes, folder, written)


def _about(cell: Cell) -> str:
    """The first sentence of a cell's docstring."""
    paragraph = (inspect.getdoc(cell.function) or "").split("\n\n")[0]
    return " ".join(paragraph.split())
