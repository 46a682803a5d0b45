"""Progress: one line on the standard error stream, with the losses and the time left."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.training.callbacks import Callback
from elman.training.state import Training

SECONDS_A_REFRESH = 0.1
SECONDS_A_LINE = 5.0
UNSPOKEN = ("learning_rate", "seconds")


def progress(verbose: int) -> list[Callback]:
    """What shows the progress: nothing, a bar on a terminal, else a plain line now and then."""
    if not isinstance(verbose, int | np.integer) or verbose not in (0, 1):
        raise OptionError(f"verbose is {verbose!r}; expected 0 (silent) or 1 (a line of progress)")
    if not verbose:
        return []
    return [ProgressBar() if sys.stderr.isatty() else ProgressLines()]


class ProgressBar(Callback):
    """A bar that moves in its line of the terminal."""

    adds_logs = False
    one_rank = True

    def on_train_begin(self, training: Training) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        left = TimeRemainingColumn(elapsed_when_finished=True)
        columns: list[Any] = [TextColumn("{task.description}"), BarColumn(bar_width=24), left]
        self._bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
        self._task = self._bar.add_task(_words(training), total=training.epochs * training.batches)
        self._bar.start()
        self._shown, self._last = 0.0, dict[str, float]()

    def on_progress(self, training: Training) -> None:
        if time.monotonic() - self._shown > SECONDS_A_REFRESH:
            self._show(training)

    def on_epoch_end(self, training: Training) -> None:
        self._last = {name: value for name, value in training.logs.items() if name not in UNSPOKEN}
        self.on_progress(training)

    def on_train_end(self, training: Training) -> None:
        self._show(training)
        if training.stop:  # no time is left
            self._bar.update(self._task, total=self._done(training))
            self._bar.refresh()
        self._bar.stop()

    def _show(self, training: Training) -> None:
        self._bar.update(self._task, completed=self._done(training), description=_words(training, self._last))
        self._bar.refresh()
        self._shown = time.monotonic()

    @staticmethod
    def _done(training: Training) -> int:
        return max(training.epoch - 1, 0) * training.batches + training.batch


class ProgressLines(Callback):
    """A line after the first and the last epoch, and every few seconds between."""

    adds_logs = False
    one_rank = True

    def on_train_begin(self, training: Training) -> None:
        self._started, self._printed = time.monotonic(), -SECONDS_A_LINE

    def on_epoch_end(self, training: Training) -> None:
        now = time.monotonic()
        last = training.epoch == training.epochs or training.stop
        if last or training.epoch == 1 or now - self._printed > SECONDS_A_LINE:
            self._printed = now
            left = (now - self._started) / training.epoch * (training.epochs - training.epoch)
            ending = "" if last else f"  {_time(left)} left"
            print(f"{_words(training)}{ending}", file=sys.stderr, flush=True)


class ProgressOfMany(Callback):
    """A line at the end of each of several trainings side by side, and every few seconds between."""

    adds_logs = False
    side_by_side = True

    def __init__(self, trainings: int):
        self._trainings, self._lock = trainings, threading.Lock()
        self._done: dict[int, float] = {}  # of each training the share that is over
        self._started = self._printed = time.monotonic()

    def on_epoch_end(self, training: Training) -> None:
        self._tell(training, training.epoch / training.epochs, SECONDS_A_LINE)

    def on_train_end(self, training: Training) -> None:
        self._tell(training, 1.0, 0.0)

    def _tell(self, training: Training, done: float, after: float) -> None:
        with self._lock:
            self._done[id(training)] = done
            now, share = time.monotonic(), sum(self._done.values()) / self._trainings
            if now - self._printed < after:
                return
            self._printed = now
            left = (now - self._started) / share * (1 - share)
            networks = f"{sum(each == 1 for each in self._done.values())}/{self._trainings} networks"
            ending = f"  {_time(left)} left" * (share < 1)
            print(f"{networks}  (seed {training.net.seed}) {_words(training)}{ending}", file=sys.stderr, flush=True)


def _words(training: Training, last: dict[str, float] | None = None) -> str:
    """Epoch, losses and metrics; `last` fills in what this epoch does not know yet."""
    losses = {**(last or {}), **training.logs}
    parts = [f"{name} {value:.4g}" for name, value in losses.items() if name not in UNSPOKEN]
    return "  ".join([f"epoch {max(training.epoch, 1)}/{training.epochs}", *parts])


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"
