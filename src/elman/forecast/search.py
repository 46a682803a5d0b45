"""Search of settings within a time: each is judged by a backtest, and the best is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from elman.data.collection import Collection
from elman.data.names import counted
from elman.errors import DataError, TrainingError
from elman.forecast.backtest import backtest
from elman.forecast.face import Forecasts
from elman.jobs import as_jobs, run_jobs
from elman.training.scopes import remembered

CELLS = ("gru", "gru", "lstm", "min_gru", "simple")  # the first is the one that is pretrained
UNITS = (16, 32, 64, 128)
MEMBERS = (1, 3, 5)
RATES = (3e-4, 1e-2)
ROUND = 8  # settings that are proposed before the first of them is judged
Proposals = Generator[list[dict[str, Any]], list[float], None]
METHODS = (None, ("network", "linear", "theta", "ets", "seasonal naive"), ("network",), ("theta", "ets", "linear"))


@dataclass(frozen=True)
class Trial:
    """Settings that were tried.

    Attributes
    ----------
    params : dict
        What differs from the forecaster's own.
    error : float
        MASE of a backtest, or MAE where no series has a scale; infinite where it failed.
    seconds : float
        How long it took.
    """

    params: dict[str, Any]
    error: float
    seconds: float


def search(
    forecaster: Forecasts,
    collection: Collection,
    seconds: float,
    n_jobs: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[Trial]:
    """Try settings until the time is up, the forecaster's own first; the best one is first in the list.

    The next settings are not begun if, by what the mean of those before took, they would end too late. Where Optuna is
    installed it proposes them, in rounds, and is told their errors when all of a round are known; else they are drawn
    at random. So the settings and their order do not depend on the number of jobs: more jobs try more of them.

    Parameters
    ----------
    forecaster : Forecaster
        Whose parameters hold where settings say nothing else.
    collection : Collection
        On whose end they are judged.
    seconds : float
        How long.
    n_jobs : int, optional
        How many settings at a time.
    clock : function, optional
        For tests.
    """
    return remembered(lambda: _searched(forecaster, collection, seconds, n_jobs, clock), _as_data, _of_data)


def _searched(
    forecaster: Forecasts, collection: Collection, seconds: float, n_jobs: int | None, clock: Callable[[], float]
) -> list[Trial]:
    begun, jobs = clock(), as_jobs(n_jobs)
    work = partial(_tried, forecaster, collection, clock)
    trials, proposals = [work({})], _proposals(int(forecaster.seed))
    begun -= _saved(trials, clock() - begun)
    left: list[dict[str, Any]] = []
    while True:
        mean = float(np.mean([trial.seconds for trial in trials]))
        if clock() - begun + mean > seconds:
            return sorted(trials, key=lambda trial: trial.error)
        if not left:
            left = next(proposals) if len(trials) == 1 else proposals.send([t.error for t in trials[-ROUND:]])
        now, left = left[:jobs], left[jobs:]
        started = clock()
        trials += run_jobs(work, now, n_jobs, names=[f"the search with {params}" for params in now])
        begun -= _saved(trials[-len(now) :], clock() - started)


def _saved(trials: Sequence[Trial], seconds: float) -> float:
    """How much longer trials took when they were run, before the search was stopped."""
    return max(max(trial.seconds for trial in trials) - seconds, 0.0)


def _as_data(trials: list[Trial]) -> list[dict[str, Any]]:
    return [asdict(trial) for trial in trials]


def _of_data(data: Any) -> list[Trial]:
    return [
        Trial(
            {name: tuple(value) if isinstance(value, list) else value for name, value in one["params"].items()},
            np.inf if one["error"] is None else float(one["error"]),
            float(one["seconds"]),
        )
        for one in data
    ]


def note_of(trials: list[Trial]) -> str:
    """What was found, for the user."""
    best = trials[0]
    chosen = ", ".join(f"{name}={value!r}" for name, value in best.params.items()) or "the settings as they were"
    return (
        f"of {counted(len(trials), 'settings')} tried in a backtest the best has an error of {best.error:.3g}: {chosen}"
    )


def _tried(forecaster: Forecasts, collection: Collection, clock: Callable[[], float], params: dict[str, Any]) -> Trial:
    def tried() -> list[Trial]:
        started = clock()
        error = _error(forecaster, params, collection)
        return [Trial(params, error, clock() - started)]

    (found,) = remembered(tried, _as_data, _of_data)
    return found


def _error(forecaster: Forecasts, params: dict[str, Any], collection: Collection) -> float:
    own = forecaster.get_params() | {"auto": False, "seconds": None, "n_jobs": None} | params
    try:
        test = backtest(type(forecaster)(**own), collection, level=())
    except (DataError, TrainingError):
        return np.inf
    scores = test.scores["elman"]
    scaled = float(scores["MASE"])
    return scaled if np.isfinite(scaled) else float(scores["MAE"])


def _proposals(seed: int) -> Proposals:
    """Settings, a round at a time; each is told the errors of the one before."""
    try:
        import optuna
    except ImportError:
        return _drawn(seed)
    return _of_optuna(optuna, seed)


def _drawn(seed: int) -> Proposals:
    random = np.random.default_rng(seed)
    choose = lambda name, of: of[random.integers(len(of))]  # noqa: E731
    between = lambda low, high: float(np.exp(random.uniform(np.log(low), np.log(high))))  # noqa: E731
    while True:
        yield [_settings(choose, between) for _ in range(ROUND)]


def _of_optuna(optuna: Any, seed: int) -> Proposals:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    while True:
        trials = [study.ask() for _ in range(ROUND)]
        errors = yield [_settings(*_asked(trial)) for trial in trials]
        for trial, error in zip(trials, errors, strict=True):
            study.tell(trial, error if np.isfinite(error) else 1e12)


def _asked(trial: Any) -> tuple[Callable[[str, Any], Any], Callable[[float, float], float]]:
    return (
        lambda name, of: of[trial.suggest_categorical(name, list(range(len(of))))],
        lambda low, high: trial.suggest_float("learning_rate", low, high, log=True),
    )


def _settings(choose: Callable[[str, Any], Any], between: Callable[[float, float], float]) -> dict[str, Any]:
    cell = choose("cell", CELLS)
    methods = choose("methods", METHODS)
    found = {"cell": cell, "units": choose("units", UNITS), "members": choose("members", MEMBERS)}
    return found | {"methods": methods, "learning_rate": between(*RATES)}
