"""What a user can do with many fits at once, one function each: sweeps of settings; beside `elman.commands`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.classify.store import check_savable as check_learner
from elman.commands_cases import Columns, as_labelled, check_labels
from elman.data.cases import Cases
from elman.data.collecting import collect
from elman.data.reading import OF_ROWS, Reading
from elman.data.series import name_of
from elman.errors import OptionError
from elman.estimator import Estimator
from elman.files import OUT, check_file, check_writable, write_folder, write_whole
from elman.fleet.sweep_judges import Judge, SeriesJudge, TextJudge
from elman.fleet.sweep_options import Options
from elman.fleet.sweep_page import page
from elman.fleet.sweep_results import Sweep
from elman.fleet.sweep_space import checked, read_settings, read_space, space_of
from elman.fleet.sweeping import judge_of_cases, read_sweep, sweep_with
from elman.forecast import Forecaster
from elman.forecast.store import check_savable as check_forecaster
from elman.keeping import MODEL, attempted
from elman.language import LanguageModel
from elman.plots.saved import check_picture, write_picture
from elman.saved import BESIDE, Saved, saved_in
from elman.training.scopes import within

PAGE, TRIALS = "report.html", "trials.csv"


@dataclass(frozen=True)
class SweepReport:
    """What a sweep found, and where it put it.

    Attributes
    ----------
    sweep : Sweep
    notes : tuple of str
        What the user should know.
    folder : Path or None
        Where the model and the page are; None where none were asked for.
    files : tuple of str
        Their names.
    """

    sweep: Sweep
    notes: tuple[str, ...]
    folder: Path | None = None
    files: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        folder = self.folder or Path()
        return self.sweep.plain() | {"notes": list(self.notes), "files": [folder / file for file in self.files]}


@dataclass(frozen=True)
class Asked:
    """What a user says of a sweep in texts, as the command line takes them.

    Parameters
    ----------
    lists : sequence of str
        As ``units=16,32``.
    ranges : sequence of str
        As ``learning_rate=1e-4..1e-2:log``.
    settings : sequence of str
        Of all trials, as ``epochs=5``.
    options : Options
    file, out : str or Path, optional
    saved : Saved, optional
        Beside the file a folder says how the sweep goes on, and where the best model stands that learns from all data.
    """

    lists: Sequence[str] = ()
    ranges: Sequence[str] = ()
    settings: Sequence[str] = ()
    options: Options = Options()
    file: str | Path | None = None
    out: str | Path | None = None
    saved: Saved | None = None


def sweep_forecast(
    source: str | Path,
    asked: Asked,
    *,
    horizon: int,
    origins: int | None = None,
    refit: bool = False,
    reading: Reading | None = None,
    **columns: Any,
) -> SweepReport:
    """Sweep settings of a `Forecaster`, judged by backtests; as `elman.fleet.sweep`.

    Parameters
    ----------
    source : str or Path
        As for `elman.commands.forecast`, as are `horizon`, `origins`, `refit`, `reading` and `columns`.
    asked : Asked

    Returns
    -------
    SweepReport

    Raises
    ------
    ElmanError
        If anything cannot be used, before a trial is begun; or if all trials failed.
    """
    estimator = _given(Forecaster(horizon=checks.whole(horizon, "horizon")), asked, ("horizon",))
    check_forecaster(estimator)
    reading = reading or Reading()
    reading.refuse_all_but(OF_ROWS, "series within reading, as time and target are arguments beside it")
    collection = collect(source, **columns, reading=reading)
    judge = SeriesJudge(estimator, collection, origins, refit)

    def fitted(settings: Mapping[str, Any], seed: int) -> Any:
        return Forecaster(**estimator.get_params() | settings | {"seed": seed}).fit(collection)

    return _swept(estimator, judge, asked, name_of(source), collection.notes, fitted)


def sweep_classify(train: str | Path, asked: Asked, named: Columns, **how: Any) -> SweepReport:
    """Sweep settings of a `SequenceClassifier`, judged by cases that it did not learn from.

    Parameters
    ----------
    train : str or Path
        As for `elman.commands_sequences.classify`.
    asked : Asked
    named : Columns
        Of tables.
    **how
        ``folds``, ``hold_out``, ``hold_out_by``, as for `elman.fleet.sweep`.

    Returns
    -------
    SweepReport
    """
    return _swept_cases(SequenceClassifier(), train, asked, named, how)


def sweep_regress(train: str | Path, asked: Asked, named: Columns, **how: Any) -> SweepReport:
    """Sweep settings of a `SequenceRegressor`; as `sweep_classify`.

    Returns
    -------
    SweepReport
    """
    return _swept_cases(SequenceRegressor(), train, asked, named, how)


def sweep_write(text: str | Path, asked: Asked) -> SweepReport:
    """Sweep settings of a `LanguageModel`, judged by the end of the text.

    Parameters
    ----------
    text : str or Path
        A file, or a folder of ``*.txt``.
    asked : Asked

    Returns
    -------
    SweepReport
    """
    estimator, place = _given(LanguageModel(), asked), checks.path(text, "the text")

    def fitted(settings: Mapping[str, Any], seed: int) -> Any:
        return LanguageModel(**estimator.get_params() | settings | {"seed": seed}).fit(place, verbose=0)

    return _swept(estimator, TextJudge(estimator, place), asked, place.stem or place.name, (), fitted)


def show_sweep(
    file: str | Path, *, csv: str | Path | None = None, picture: str | Path | None = None, out: str | Path | None = None
) -> SweepReport:
    """What the file of a sweep holds, whether the sweep has ended or not.

    Parameters
    ----------
    file : str or Path
        The DuckDB file.
    csv : str or Path, optional
        A file for a row each trial.
    picture : str or Path, optional
        A file ``.png``, ``.svg`` or ``.pdf``.
    out : str or Path, optional
        A folder for ``report.html`` and ``trials.csv``.

    Returns
    -------
    SweepReport
    """
    table, drawing = (None if one is None else checks.path(one, n) for one, n in ((csv, "csv"), (picture, "picture")))
    folder = None if out is None else checks.path(out, "out")
    if table is not None:
        check_file(table)
    if drawing is not None:
        check_picture(drawing)
    if folder is not None:
        check_writable(folder, (PAGE, TRIALS))
    found = read_sweep(file)
    if table is not None:
        write_whole(table, found.csv())
    if drawing is not None:
        write_picture(drawing, found.plot)
    return SweepReport(found, found.notes) if folder is None else _written(found, folder, (), None)


# --- in common ----------------------------------------------------------------------------------------------


def _given(estimator: Any, asked: Asked, elsewhere: Sequence[str] = ()) -> Any:
    """An estimator with the settings of all trials."""
    settings = read_settings(estimator, asked.settings)
    wrong = next((name for name in settings if name in elsewhere), None)
    if wrong is not None:
        raise OptionError(f"{wrong} is given with an option of its own; leave it out of the settings")
    return checked(estimator, settings)


def _swept_cases(learner: Any, train: str | Path, asked: Asked, named: Columns, how: dict[str, Any]) -> SweepReport:
    estimator, train = _given(learner, asked), checks.path(train, "the data")
    check_learner(estimator)
    cases = as_labelled(estimator, named.read(train), train)
    check_labels(estimator, cases, train)
    judge = judge_of_cases(estimator, cases, **how)

    def fitted(settings: Mapping[str, Any], seed: int) -> Any:
        return _learnt(estimator, cases, named, dict(settings) | {"random_state": seed})

    name = name_of(train).removesuffix("_TRAIN")
    return _swept(estimator, judge, asked, name, cases.notes, fitted)


def _learnt(estimator: Any, cases: Cases, named: Columns, settings: dict[str, Any]) -> Any:
    made = type(estimator)(**estimator.get_params() | settings).fit(cases)
    made.remember_columns(group=named.group, time=named.time, columns=named.columns, label=named.label)
    made.channels = named.channels
    return made


def _swept(
    estimator: Estimator,
    judge: Judge,
    asked: Asked,
    name: str,
    notes: Sequence[str],
    fitted: Callable[[Mapping[str, Any], int], Any],
) -> SweepReport:
    """Sweep; then learn from all data with the best settings, if that is to be written."""
    given = read_space(estimator, asked.lists, asked.ranges)
    both = next((one for one in read_settings(estimator, asked.settings) if one in given), None)
    if both is not None:
        raise OptionError(f"{both} is to be tried, and set for all trials as well; leave one out")
    path = Path(f"sweep-{name}.duckdb") if asked.file is None else checks.path(asked.file, "file")
    folder = None if asked.out is None else checks.path(asked.out, "out")
    if folder is not None:
        check_writable(folder, (PAGE, TRIALS, MODEL), option=OUT)
    with saved_in(path.parent / (path.name + BESIDE), asked.saved):
        with within(None):  # what trials found is in the file
            found = sweep_with(estimator, judge, given, asked.options, path, name)
        notes = (*notes, *found.notes)
        if folder is None or not found.ranked:
            return SweepReport(found, notes)
        space = space_of(estimator, given, grid=asked.options.trials is None)
        best = fitted(space.settings_of(found.best.settings), found.seeds[0])
        return _written(found, folder, notes, best)


def _written(found: Sweep, folder: Path, notes: tuple[str, ...], model: Any) -> SweepReport:
    """The page and the table, and a model if there is one."""
    made, why_not = attempted("page", lambda: page(found, notes).html().encode())
    files: dict[str, Callable[[Path], Any] | None] = {
        TRIALS: lambda path: path.write_bytes(found.csv()),
        PAGE: None if made is None else lambda path: path.write_bytes(made),
    }
    if model is not None:
        files[MODEL] = model.save
    write_folder(folder, files)
    names = tuple(name for name, write in files.items() if write is not None)
    return SweepReport(found, (*notes, *why_not), folder, names)
