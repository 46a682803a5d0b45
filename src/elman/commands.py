"""What a user can do, one function each. The command line and the web page are thin shells over these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from elman import checks
from elman.bench.measure import Measurement, Watcher, measure
from elman.bench.turns import Options
from elman.bench.workloads import choose
from elman.cells import Entry, as_cell, table
from elman.cells.entry import SORTS, entry
from elman.compare.compare import Budget, Watch
from elman.compare.compare import Interrupted as ComparisonInterrupted
from elman.compare.compare import compare as compared
from elman.compare.page import page as page_of_comparison
from elman.compare.picture import draw
from elman.compare.results import Comparison
from elman.compare.tasks import task_of
from elman.data.collecting import collect
from elman.data.collection import Collection
from elman.data.known_ahead import future_rows
from elman.data.reading import OF_ROWS, Reading
from elman.data.series import name_of
from elman.engine.threads import default_threads
from elman.equations import Cell
from elman.errors import OptionError
from elman.files import check_alone, check_file, check_writable, write_folder, write_whole
from elman.forecast import attempts, page, picture, results
from elman.forecast.arguments import as_count, as_levels
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.forecast.options import ForecasterOptions
from elman.forecast.store import check_savable
from elman.insight.report import report
from elman.keeping import MODEL, Kept, attempted, usual_again
from elman.keeping import Interrupted as Interrupted  # what `forecast` raises
from elman.plain import to_json
from elman.plots import unrolled
from elman.plots.page import Report
from elman.plots.saved import check_picture, rendered, write_picture
from elman.saved import BESIDE, RUN, Saved, saved_in
from elman.sequences import sequences
from elman.training import Callback

FORECAST, PICTURE, PAGE = "forecast.csv", "forecast.png", "report.html"
PAGES = (".html", ".htm")  # endings of a page's name, where the user gives it
ENDINGS = (".parquet", ".json")  # of a file with nothing but the forecast; a folder holds forecast.csv


@dataclass(frozen=True)
class ForecastReport:
    """What a forecast command found and where it put it.

    Attributes
    ----------
    name : str
        Of the data.
    collection : Collection
        The series that were recorded.
    forecaster : Forecaster
        Trained on all of them, or read from a file.
    forecast : Forecast
        What follows, with its intervals.
    backtest : Backtest or None
        None where the series are too short for one, or the model was read from a file.
    notes : tuple of str
        What the user should know.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.

    Examples
    --------
    >>> import elman as el
    >>> found = el.commands.forecast("sunspots", horizon=3, methods=["theta"], out="sunspots")
    >>> found.name, found.forecast.values.shape, "report.html" in found.files
    ('sunspots', (1, 3), True)
    """

    name: str
    collection: Collection
    forecaster: Forecaster
    forecast: Forecast
    backtest: Backtest | None
    notes: tuple[str, ...]
    folder: Path
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        return {
            "series": results.describe_series(self.name, self.collection),
            "horizon": self.forecast.horizon,
            "forecast": self.forecast.to_dict()["series"],
            "model": results.describe_model(self.forecaster),
            "each": results.describe_each(self.forecaster),
            "backtest": results.describe_backtest(self.backtest),
            "notes": list(self.notes),
            "files": [self.folder / file for file in self.files],
        }


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
    place = _Place.of(out, f"forecast-{name}", source)
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
        return _finish(name, forecaster, horizon, levels, test, tested, tuple(why_none), place, later, trained=True)


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
    place = _Place.of(out, usual_again(model, f"forecast-{name}"), source, trained=False)
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
    return _finish(name, forecaster, steps, levels, None, earlier, (note, *kept), place, later, trained=False)


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


@dataclass(frozen=True)
class _Place:
    """Where results go: a folder, or a file of the forecast alone."""

    folder: Path
    file: str | None
    model: Path

    @property
    def run(self) -> Path:
        """Where trainings are saved while they last."""
        return self.folder / (RUN if self.file is None else self.file + BESIDE)

    @classmethod
    def of(cls, out: Path | None, usual: str, source: str | Path, *, trained: bool = True) -> _Place:
        """What `out` says, else the usual folder, checked to be writable."""
        if out is None or out.suffix.lower() not in ENDINGS or out.is_dir():
            folder = Path(usual) if out is None else out
            check_writable(folder, (FORECAST, PICTURE, PAGE, results.METRICS, *((MODEL,) if trained else ())))
            check_alone(folder, "elman forecast")
            return cls(folder, None, folder / MODEL)
        check_file(out)
        if out.exists() and Path(source).exists() and out.samefile(source):
            raise OptionError(f"the output {out} is the file that is read; give another with --out (out=... in Python)")
        return cls(out.parent, out.name, out.with_suffix(".safetensors"))


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

    Examples
    --------
    >>> import elman as el
    >>> measured = el.commands.bench(only=["W6 GRU"], quick=True)  # doctest: +SKIP
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

    Examples
    --------
    >>> import elman as el
    >>> path = el.Network(1, [el.GRU(4), el.Dense(1)]).save("model.safetensors")
    >>> el.commands.inspect_model(path, out="inside").files
    ('report.html', 'report.json')
    """

    report: Report
    folder: Path
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        return self.report.plain() | {"files": [self.folder / file for file in self.files]}


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
        A network, forecaster, language model, classifier or regressor that was saved.
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

    Examples
    --------
    >>> import elman as el
    >>> path = el.Network(1, [el.GRU(4), el.Dense(1)]).save("model.safetensors")
    >>> found = el.commands.inspect_model(path, out="inside")
    >>> found.folder.name
    'inside'
    """
    model = checks.path(model, "model")
    folder = Path(f"inspect-{_name_of(model)}") if out is None else checks.path(out, "out")
    check_writable(folder)
    found = sequences(model, data, reading)
    written = report(found.net, found.x, f"Inside {model}", found.about, layer=found.layer)
    write_folder(folder, {"report.html": written.write_html, "report.json": written.write_json})
    return Inspection(written, folder, ("report.html", "report.json"))


def _name_of(model: Path) -> str:
    """Of its folder, where the file is called what every model is called."""
    return model.absolute().parent.name if model.name == MODEL else model.stem


def cells(name: str | None = None, *, sort: str = "year", picture: str | Path | None = None) -> list[Entry]:
    """Every built-in cell with its figures, equations and reference; or the one of that name, and a picture of it.

    Parameters
    ----------
    name : str, optional
        Of a cell; all of them by default.
    sort : {"year", "name", "states", "parameters", "multiply-adds"}, default "year"
        As for `elman.cells.table`.
    picture : str or Path, optional
        A file ``.png``, ``.svg`` or ``.pdf`` for one step of the cell, as blocks and wires.

    Returns
    -------
    list of Entry

    Raises
    ------
    OptionError
        If there is no such cell or order, or the picture cannot be written.

    Examples
    --------
    >>> import elman as el
    >>> [entry.name for entry in el.commands.cells()][:3]
    ['simple', 'ctrnn', 'lstm']
    >>> el.commands.cells("gru", picture="gru.svg")[0].year
    2014
    """
    if name is None:
        if picture is not None:
            raise OptionError("a picture is of one cell: say which")
        return table(sort=sort)
    cell = as_cell(name)
    if sort != SORTS[0]:
        raise OptionError("sort is of all cells; leave it out, or the name")
    if picture is not None:
        write_picture(checks.path(picture, "picture"), lambda: unrolled(cell, 1).figure)
    return [entry(cell.name, cell)]


def compare(
    cells: Sequence[Cell | str] | str,
    task: str | Path,
    *,
    steps: int | None = None,
    updates: int | None = None,
    seconds: float | None = None,
    seeds: int = 3,
    parameters: int | None = None,
    units: int | None = None,
    batch_size: int = 32,
    rate: float = 0.003,
    reading: Reading | None = None,
    json: str | Path | None = None,
    csv: str | Path | None = None,
    picture: str | Path | None = None,
    page: str | Path | None = None,
    jobs: int = 1,
    watch: Watch = lambda cell, seed, final: None,
    saved: Saved | None = None,
) -> Comparison:
    """Train a network of each cell on one task, with the same data and the same budget.

    Parameters
    ----------
    cells : list of str or Cell, or "all"
        "all" are the built-in ones that take one input.
    task : str or Path
        ``adding``, ``copy``, ``flip_flop`` or ``digits`` (needs scikit-learn); a CSV or Parquet file or the name of a
        series that ships with Elman, whose next value is to be foretold.
    steps : int, optional
        T of the sequences.
    updates, seconds : int, float, optional
        The budget of a run, one or the other: 500 updates by default. Seconds are those of training.
    seeds : int, default 3
        Runs of each cell.
    parameters : int, optional
        Units are chosen so that each network has about so many: 4,000 by default.
    units : int, optional
        The same number of units for all instead.
    batch_size, rate : int, float
        Sequences of an update, and Adam's learning rate: the same for all, so not the best one of any.
    reading : Reading, optional
        How a file is read.
    json, csv, picture, page : str or Path, optional
        Files for all that was found, for the table, for curves and for a page ``.html`` with all of it; nothing is
        written without.
    jobs : int, default 1
        Runs at a time, in processes of their own; -1 for one each core.
    watch : function of (str, int, float), optional
        Told of each run: cell, seed and metric.
    saved : Saved, optional
        How runs are saved while the comparison lasts, in a folder beside the first file, or ``compare-TASK.run``; by
        default they are not. With a budget of seconds a run that was ended begins anew.

    Returns
    -------
    Comparison
        The best first; ``print(found.table())``.

    Raises
    ------
    ElmanError
        If a cell, the task, an option or a file cannot be used; nothing is trained then.
    elman.compare.Interrupted
        After Ctrl-C; what was found until then is in the files.

    Examples
    --------
    >>> import elman as el
    >>> found = el.commands.compare(["simple", "gru"], "adding", updates=10, seeds=1, units=4)
    >>> found.task, len(found.results)
    ('adding', 2)
    """
    budget = Budget(updates, seconds, seeds, batch_size, rate)
    given = (("json", json), ("csv", csv), ("page", page))
    files = {name: checks.path(file, name) for name, file in given if file is not None}
    _check_files(files)
    drawn = None if picture is None else checks.path(picture, "picture")
    if drawn is not None:
        check_picture(drawn)
    chosen: Sequence[Cell | str] = [e.name for e in table() if len(e.inputs) == 1] if cells == "all" else cells
    made = task_of(task, steps, reading)
    with saved_in(_beside([*files.values(), *([] if drawn is None else [drawn])], made.name), saved):
        try:
            found = compared(chosen, made, budget, parameters=parameters, units=units, n_jobs=jobs, watch=watch)
        except ComparisonInterrupted as stopped:
            if stopped.found is not None:
                stopped.found = _write_comparison(stopped.found, files, drawn)
            raise
        return _write_comparison(found, files, drawn)


def _beside(files: Sequence[Path], task: str) -> Path:
    """Where the runs of a comparison are saved."""
    return files[0].with_name(files[0].name + BESIDE) if files else Path(f"compare-{Path(task).name}{BESIDE}")


def _check_files(files: dict[str, Path]) -> None:
    """Files that can be written, each for one thing."""
    for name, file in files.items():
        check_file(file)
        if name == "page" and file.suffix.lower() not in PAGES:
            raise OptionError(f"page {file} must end in {' or '.join(PAGES)}")
        other = next((o for o in files if o != name and files[o].absolute() == file.absolute()), None)
        if other is not None:
            raise OptionError(f"{name} and {other} are both {file}: give each a file of its own")


def _write_comparison(found: Comparison, files: dict[str, Path], drawn: Path | None) -> Comparison:
    """Write what was found, and give it back with a note for what could not be drawn."""
    made: dict[str, bytes | None] = {}
    if drawn is not None:
        made["picture"], why_not = attempted("picture", lambda: rendered(drawn, draw(found)))
        found = replace(found, notes=[*found.notes, *why_not])
    if "page" in files:
        made["page"], why_not = attempted("page", lambda: page_of_comparison(found).html().encode())
        found = replace(found, notes=[*found.notes, *why_not])
    content = made | {"json": found.json(), "csv": found.csv()}
    for name, file in {**files, **({} if drawn is None else {"picture": drawn})}.items():
        if (data := content[name]) is not None:
            write_whole(file, data)
    return found


def _finish(
    name: str,
    forecaster: Forecaster,
    horizon: int,
    levels: Sequence[float] | None,
    test: Backtest | None,
    tested: dict[str, Any] | None,
    notes: tuple[str, ...],
    place: _Place,
    later: Path | None,
    *,
    trained: bool,
) -> ForecastReport:
    """Forecast, and write everything to its place."""
    collection = forecaster.fitted_basis.collection
    found, why_none = attempts.forecast_with_intervals(forecaster, horizon, levels, later)
    notes = (*forecaster.notes_, *attempts.notes_of(collection), *notes, *why_none, *found.notes)
    if place.file is not None:
        found.write(place.folder / place.file)
        return ForecastReport(name, collection, forecaster, found, test, notes, place.folder, (place.file,))
    drawn, why_not = attempted("picture", lambda: picture.render(picture.draw(name, found, test)))
    notes = (*notes, *why_not)
    written, why_not = attempted("page", lambda: page.page(name, forecaster, found, test, notes).html().encode())
    notes = (*notes, *why_not)
    files: dict[str, Callable[[Path], Any] | None] = {
        FORECAST: found.write,
        PICTURE: None if drawn is None else lambda path: path.write_bytes(drawn),
        PAGE: None if written is None else lambda path: path.write_bytes(written),
        results.METRICS: lambda path: path.write_bytes(
            results.metrics_json(name, forecaster, horizon, tested, notes, trained=trained)
        ),
    }
    if trained:
        files[MODEL] = forecaster.save
    write_folder(place.folder, files)
    names = tuple(file for file, write in files.items() if write is not None)
    return ForecastReport(name, collection, forecaster, found, test, notes, place.folder, names)
