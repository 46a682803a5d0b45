"""Running trials: each ends in a row, whatever came of it, in this process or in several."""

from __future__ import annotations

import datetime
import math
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from elman.errors import ElmanError
from elman.fleet.sweep_judges import Judge
from elman.fleet.sweep_space import Settings
from elman.fleet.sweep_store import DONE, FAILED, Row


@dataclass(frozen=True)
class Task:
    """A trial to be run."""

    trial: int
    seed: int
    key: str
    settings: Settings


@dataclass(frozen=True)
class Work:
    """What tasks are run with; goes to other processes as a whole."""

    judge: Judge
    measure: str
    versions: dict[str, str]
    until: float | None = None  # in seconds of the clock, after which no task is begun

    def __call__(self, task: Task) -> Row | None:
        """Run a task, if there is time; what goes wrong in it is its row's error, and not the end of the sweep."""
        if self.until is not None and time.time() > self.until:
            return None
        started = time.perf_counter()
        try:
            scores, error = self.judge(task.settings, task.seed), ""
            if not math.isfinite(scores[self.measure]):
                error = f"its {self.measure} is {scores[self.measure]}"
        except Exception as raised:  # of any library: hours of other trials are worth more
            scores, error = {}, _in_one_line(raised)
        seconds = time.perf_counter() - started
        known = {name: value if math.isfinite(value) else None for name, value in scores.items()}
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None).isoformat()
        status, score = (FAILED, None) if error else (DONE, known[self.measure])
        return Row(task.trial, task.seed, task.key, status, score, self._all(known), seconds, error, now, self.versions)

    def _all(self, known: dict[str, float | None]) -> dict[str, float | None]:
        return {name: known.get(name) for name in self.judge.measures}


def _in_one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ElmanError) else f"{type(error).__name__}: {text}"


def versions_now(*libraries: str) -> dict[str, str]:
    """Of what a result may depend on."""
    found = {"elman": version("elman"), "python": platform.python_version(), "numpy": np.__version__}
    return found | {name: version(name) for name in libraries}
