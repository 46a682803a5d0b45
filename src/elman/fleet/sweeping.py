"""A sweep: settings of an estimator, tried one after the other or side by side, each trial a row in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.data.casing import cases_of
from elman.data.casing.asked import Order
from elman.data.collecting import collect
from elman.data.names import counted
from elman.data.series import name_of
from elman.errors import DataError, OptionError, TrainingError
from elman.estimator import Estimator
from elman.fleet.sweep_fingerprint import of_options
from elman.fleet.sweep_judges import CasesJudge, Judge, SeriesJudge, TextJudge, measure_of
from elman.fleet.sweep_options import AT_ONCE, Options, Watch
from elman.fleet.sweep_proposals import optuna_library
from elman.fleet.sweep_results import Sweep
from elman.fleet.sweep_running import Work, versions_now
from elman.fleet.sweep_schedule import Schedule
from elman.fleet.sweep_space import Space, checked, space_of
from elman.fleet.sweep_store import About, Row, Trials, opened, read
from elman.fleet.sweep_values import as_data
from elman.forecast import Forecaster
from elman.language import LanguageModel

_NOT_THE_SAME = ("threads", "verbose", "seed", "random_state")  # change no result, or are those of the trials


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a sweep; the trials that had ended are in its file.

    Parameters
    ----------
    path : Path
        The sweep's file.
    ended, planned : int
        Trials that had ended, and those of the whole sweep.

    Examples
    --------
    >>> from pathlib import Path
    >>> from elman.fleet import Interrupted
    >>> print(Interrupted(Path("sweep.duckdb"), 3, 10))
    stopped: 3 of 10 trials are in sweep.duckdb; the same command goes on from there
    """

    def __init__(self, path: Path, ended: int, planned: int):
        self.path: Path = path
        super().__init__(
            f"stopped: {ended} of {counted(planned, 'trials')} are in {path}; the same command goes on from there"
        )


def sweep(
    estimator: Any,
    data: Any,
    y: Any = None,
    *,
    space: Mapping[str, Any],
    trials: int | None = None,
    seeds: Any = 1,
    file: str | Path | None = None,
    measure: str | None = None,
    origins: int | None = None,
    refit: bool = False,
    folds: int | None = None,
    hold_out: float | None = None,
    hold_out_by: str | None = None,
    jobs: int | None = None,
    budget: float | None = None,
    at_once: int = AT_ONCE,
    retry: bool = False,
    watch: Watch = lambda progress: None,
    **columns: Any,
) -> Sweep:
    """Try settings of an estimator, and keep what each reached as a row in a file.

    Settings are judged by data that their trainings did not see: forecasters by the end of the series, estimators of
    sequences by cross-validation or a share that is held out, language models by the end of the text. A sweep that is
    stopped, however it was, goes on with the same call, and what it finds then is what it would have found without a
    break, bit for bit.

    Parameters
    ----------
    estimator : Forecaster, SequenceClassifier, SequenceRegressor or LanguageModel
        Its own parameters hold where settings say nothing else; it is not changed.
    data
        As the estimator's ``fit`` takes it.
    y : optional
        Labels of sequences.
    space : mapping of str to list or Range
        What is tried: values of parameters; or, with `trials`, also ranges of numbers.
    trials : int, optional
        How many settings Optuna proposes; by default all combinations are tried. The same call with more goes on.
    seeds : int or list of int, default 1
        With how many seeds settings are tried, 0, 1, 2 ...; or which.
    file : str or Path, optional
        The DuckDB file; by default ``sweep-NAME.duckdb``, or ``sweep.duckdb`` where the data have no name. If it holds
        the trials of another sweep, it is refused.
    measure : str, optional
        What settings are ranked by: MASE (MAE where no series has a scale), sMAPE, RMSE, MAE; accuracy,
        balanced_accuracy, macro_f1, log_loss, brier; rmse, mae, r2; bits_per_character, perplexity. The first of each
        by default; all are kept.
    origins, refit : optional
        Of the backtest, see `elman.forecast.backtest`.
    folds : int, optional
        Of cross-validation, by default 5; drawn anew for each seed, and the same for all settings.
    hold_out : float, optional
        A share of the cases that judges instead.
    hold_out_by : str, optional
        One of the columns that name the cases: all cases of one are in one fold.
    jobs : int, optional
        Processes, -1 for one each core; needs joblib. By default 1. What is found does not depend on it.
    budget : float, optional
        Seconds after which no trial is begun; the same call goes on.
    at_once : int, default 4
        Settings that Optuna proposes together, without knowing what the others of them reach.
    retry : bool, default False
        Whether trials that failed before are run again.
    watch : function of Progress, optional
        Told of each trial that has ended.
    **columns
        As for the estimator's ``fit``: ``time``, ``target``, ``group``, ``label`` ...

    Returns
    -------
    Sweep

    Raises
    ------
    ElmanError
        If data, parameters or values cannot be used, or the file holds something else; nothing is tried then.
    TrainingError
        If every trial failed; their rows say why.
    Interrupted
        After Ctrl-C.

    Examples
    --------
    >>> import numpy as np
    >>> months = np.arange(72)
    >>> sales = 50 + months + 9 * np.sin(months * 2 * np.pi / 12)
    >>> found = sweep(
    ...     Forecaster(horizon=6), sales, space={"methods": ["theta", "seasonal naive", "linear"]}, file="s.duckdb"
    ... )
    >>> found.best_params, len(found.rows)
    ({'methods': 'linear'}, 3)
    """
    options = Options(trials, seeds, measure, jobs, budget, at_once, retry, watch)
    of_cases = {"folds": folds, "hold_out": hold_out, "hold_out_by": hold_out_by}
    judge = judge_of(estimator, data, y, {"origins": origins, "refit": refit}, of_cases, columns)
    name = name_of(data) if isinstance(data, str | Path) and not isinstance(estimator, LanguageModel) else ""
    if file is None:
        file = f"sweep-{name}.duckdb" if name else "sweep.duckdb"
    return sweep_with(estimator, judge, space, options, checks.path(file, "file"), name or "the data")


def judge_of(
    estimator: Any,
    data: Any,
    y: Any,
    of_series: dict[str, Any],
    of_cases: dict[str, Any],
    columns: dict[str, Any],
) -> Judge:
    """What judges settings of an estimator, from data as a user has them."""
    given = [name for name, value in (of_series | of_cases).items() if value not in (None, False)]
    if isinstance(estimator, Forecaster):
        _refuse(given, of_series, y, "a forecaster")
        return SeriesJudge(estimator, collect(data, **columns), **of_series)
    if isinstance(estimator, SequenceClassifier | SequenceRegressor):
        _refuse(given, of_cases, None, "an estimator of sequences")
        cases = cases_of(data, y, channels=cast(Order, estimator.channels), **columns)
        if cases.labels is None:
            raise DataError("nothing says what the sequences are: give a label for each with y, or label='its column'")
        return judge_of_cases(estimator, cases, **of_cases)
    if isinstance(estimator, LanguageModel):
        _refuse([*given, *columns], {}, y, "a language model")
        return TextJudge(estimator, checks.instance(data, (str, Path), "data", "a text, or the Path of one"))
    raise OptionError(
        f"estimator is {checks.shown(estimator)}; expected a Forecaster, SequenceClassifier, SequenceRegressor or "
        "LanguageModel"
    )


def judge_of_cases(
    learner: SequenceClassifier | SequenceRegressor,
    cases: Any,
    *,
    folds: int | None = None,
    hold_out: float | None = None,
    hold_out_by: str | None = None,
) -> CasesJudge:
    """Cross-validation in `folds`, or with a share that is held out."""
    if folds is not None and hold_out is not None:
        raise OptionError("cases judge in folds, or a share of them that is held out: give folds or hold_out")
    if hold_out is not None:
        checks.real(hold_out, "hold_out", 0, 1, "in (0, 1), a share of the cases")
        return CasesJudge(learner, cases, None, float(hold_out), hold_out_by)
    return CasesJudge(learner, cases, checks.whole(5 if folds is None else folds, "folds", 2), None, hold_out_by)


def _refuse(given: list[str], allowed: Mapping[str, Any], y: Any, what: str) -> None:
    wrong = next((name for name in given if name not in allowed), None)
    if wrong is not None:
        raise OptionError(f"{wrong} means nothing for {what}; leave it out")
    if y is not None:
        raise OptionError(f"y means nothing for {what}, which learns what follows in the data; leave it out")


def sweep_with(
    estimator: Estimator, judge: Judge, given: Mapping[str, Any], options: Options, path: Path, name: str
) -> Sweep:
    """The sweep, with what judges it."""
    if options.trials is not None:
        optuna_library()
    checked(estimator, {})
    space = space_of(estimator, given, grid=options.trials is None)
    baseline = judge.baseline()
    measure = measure_of(judge, options.measure)
    about = _about(estimator, judge, space, options, measure, baseline, name)
    versions = versions_now(*(["optuna"] if options.trials is not None else []))
    with opened(path, about) as kept:
        notes = [*judge.notes(), *(_retried(kept) if options.retry else [])]
        running = Schedule(kept, space, options, Work(judge, measure, versions, options.until))
        try:
            running.go()
        except KeyboardInterrupt as error:
            raise Interrupted(path, len(running.rows), int(about.shown["planned"])) from error
        notes += [*running.notes, *_other_versions(running.rows.values(), versions)]
        found = Sweep(kept.about, kept.rows(), path, tuple(notes))
    if found.rows and all(row.error for row in found.rows):
        raise TrainingError(
            f"all {counted(len(found.rows), 'trials')} failed, the first because: {found.rows[0].error}. The others "
            f"are in {path}"
        )
    return found


def _about(
    estimator: Estimator, judge: Judge, space: Space, options: Options, measure: str, baseline: Any, name: str
) -> About:
    own = {n: v for n, v in estimator.get_params().items() if n not in space.of and n not in _NOT_THE_SAME}
    search: Any = "all combinations" if options.trials is None else {"Optuna, at once": options.at_once}
    identity = {
        "estimator": type(estimator).__name__,
        "data": judge.fingerprint(),
        "judged by": judge.how(),
        "measure": measure,
        "search": search,
        "seeds": options.seeds,
        "space": space.plain(),
        "params": {n: as_data(value, n) for n, value in own.items()},
    }
    settings = options.trials or len(space.grid())
    shown = {
        "name": name,
        "measure": measure,
        "how": judge.words(),
        "planned": settings * len(options.seeds),
        "baseline": None if baseline is None else {"name": baseline.name, "scores": baseline.scores},
        "fingerprints": {"data": identity["data"], "options": of_options(identity)},
    }
    return About(identity, shown, space.columns(), judge.measures)


def _retried(kept: Trials) -> list[str]:
    count = kept.forget_failed()
    return [f"{counted(count, 'trials')} that had failed are tried again"] if count else []


def _other_versions(rows: Iterable[Row], now: Mapping[str, str]) -> list[str]:
    """A note on trials of other versions, whose numbers may be others than this one's."""
    other = [row for row in rows if any(row.versions.get(name, value) != value for name, value in now.items())]
    if not other:
        return []
    what = ", ".join(f"{name} {value}" for name, value in other[0].versions.items() if now.get(name, value) != value)
    return [f"{counted(len(other), 'trials')} of the file were run by other versions, such as {what}"]


def read_sweep(file: str | Path) -> Sweep:
    """What the file of a sweep holds, whether the sweep has ended or not.

    Parameters
    ----------
    file : str or Path
        What `sweep` wrote.

    Returns
    -------
    Sweep

    Raises
    ------
    OptionError
        If there is none, it is in use, or holds something else.

    Examples
    --------
    >>> import elman as el
    >>> sunspots = el.data.load_series("sunspots")
    >>> theta = el.Forecaster(horizon=3, methods=["theta"])
    >>> found = el.sweep(theta, sunspots, space={"season": [1, 11]}, origins=2, file="season.duckdb")
    >>> el.fleet.read_sweep("season.duckdb").best_params == found.best_params
    True
    """
    path = checks.path(file, "file")
    about, rows = read(path)
    return Sweep(about, rows, path)
