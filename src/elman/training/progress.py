"""Progress: how far a training is, with its losses, its learning rate, its speed and the time left."""

from __future__ import annotations

import threading
import time

import numpy as np

from elman.errors import OptionError
from elman.training.callbacks import Callback
from elman.training.displays import Display, Standing, display
from elman.training.state import Training

UNSPOKEN = ("learning_rate", "seconds")


def progress(verbose: int) -> list[Callback]:
    """What shows the progress: nothing, a bar in a terminal or a notebook, else a plain line now and then."""
    if not isinstance(verbose, int | np.integer) or verbose not in (0, 1):
        raise OptionError(f"verbose is {verbose!r}; expected 0 (silent) or 1 (progress)")
    return [Progress(display())] if verbose else []


class _Pace:
    """How far a training is, and how fast it went since it was first looked at: a resumed one begins in its middle."""

    def __init__(self, training: Training):
        self._began, self._first, self._updates = time.monotonic(), _done(training), training.net.updates

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def left(self, training: Training) -> float | None:
        """Seconds to the end; None while nothing is known."""
        done = _done(training)
        if done <= self._first:
            return None
        return self.seconds / (done - self._first) * max(training.epochs * training.batches - done, 0)

    def speed(self, training: Training) -> list[str]:
        """Updates per second, or seconds per update, in words."""
        done = training.net.updates - self._updates
        if done <= 0 or self.seconds <= 0:
            return []
        rate = done / self.seconds
        return [f"{rate:,.0f} updates/s" if rate >= 10 else f"{rate:.1f} updates/s" if rate >= 1
                else f"{1 / rate:.1f} s/update"]  # fmt: skip


class Progress(Callback):
    """Shows one training."""

    adds_logs = False
    one_rank = True

    def __init__(self, shown: Display):
        self._display = shown
        self._last: dict[str, float] = {}
        self._pace: _Pace | None = None
        self._resumed = False

    def on_epoch_begin(self, training: Training) -> None:
        self._pace = self._pace or _Pace(training)

    def on_progress(self, training: Training) -> None:
        if training.resumed and not self._resumed:  # since its beginning was told it stands where it stood
            self._resumed, self._pace = True, _Pace(training)
        if self._display.due():
            self._display.show(self._standing(training))

    def on_epoch_end(self, training: Training) -> None:
        self._last = {name: value for name, value in training.logs.items() if name not in UNSPOKEN}
        if self._display.due(training.epoch, training.epoch == training.epochs):
            self._display.show(self._standing(training))

    def on_train_end(self, training: Training) -> None:
        try:
            if self._pace is not None:  # it began
                self._display.show(self._standing(training, how_it_ended(training)))
        finally:
            self._display.close()

    def _standing(self, training: Training, ended: str = "") -> Standing:
        self._pace = self._pace or _Pace(training)
        all_batches = training.epochs * training.batches
        numbers = [*losses(training, self._last), *_rate(training), *self._pace.speed(training)]
        label = f"epoch {max(training.epoch, 1)}/{training.epochs}"
        share, left = _done(training) / all_batches, self._pace.left(training)
        return Standing(label, share, self._pace.seconds, left if share < 1 else None, numbers, ended)


class ProgressOfMany(Callback):
    """Shows several trainings side by side as one."""

    adds_logs = False
    side_by_side = True

    def __init__(self, trainings: int, shown: Display | None = None):
        self._trainings, self._lock = trainings, threading.Lock()
        self._display = shown or display()
        self._done: dict[int, float] = {}  # of each training the share that is over
        self._first: dict[int, float] = {}  # and what was over when it was first seen: of a resumed one not nothing
        self._began = time.monotonic()

    def on_progress(self, training: Training) -> None:
        with self._lock:
            done = self._done[id(training)] = _done(training) / (training.epochs * training.batches)
            self._first.setdefault(id(training), done if training.resumed else 0.0)
            if self._display.due():
                self._display.show(self._standing(training))

    def on_epoch_end(self, training: Training) -> None:
        with self._lock:
            self._done[id(training)] = training.epoch / training.epochs
            if self._display.due(2):
                self._display.show(self._standing(training))

    def on_train_end(self, training: Training) -> None:
        with self._lock:
            self._done[id(training)] = 1.0
            self._first.setdefault(id(training), 1.0)
            if self._display.due(2, last=True):
                self._display.show(self._standing(training))

    def close(self, ended: str) -> None:
        """When all are over, or will not begin any more."""
        with self._lock:
            try:
                if self._done:
                    share, seconds = self._share, time.monotonic() - self._began
                    self._display.show(Standing(self._label, share, seconds, None, (), ended))
            finally:
                self._display.close()

    @property
    def _share(self) -> float:
        return sum(self._done.values()) / self._trainings

    @property
    def _label(self) -> str:
        return f"{sum(share == 1 for share in self._done.values())}/{self._trainings} networks"

    def _standing(self, training: Training) -> Standing:
        share, seconds = self._share, time.monotonic() - self._began
        gone = share - sum(self._first.values()) / self._trainings
        left = seconds / gone * (1 - share) if gone > 0 and share < 1 else None
        own = f"(seed {training.net.seed}) epoch {max(training.epoch, 1)}/{training.epochs}"
        return Standing(self._label, share, seconds, left, [own, *losses(training)])


def losses(training: Training, last: dict[str, float] | None = None) -> list[str]:
    """Losses and metrics in words, the losses first; `last` fills in what this epoch does not know yet."""
    known = {**(last or {}), **training.logs}
    names = sorted((name for name in known if name not in UNSPOKEN), key=lambda name: name not in ("loss", "val_loss"))
    return [f"{name} {known[name]:.4g}" for name in names]


def how_it_ended(training: Training) -> str:
    """In a word."""
    if training.failed or training.interrupted:
        return "failed" if training.failed else "interrupted"
    return "stopped" if training.stop and _done(training) < training.epochs * training.batches else "done"


def _rate(training: Training) -> list[str]:
    """The learning rate of the last update."""
    done = training.optimizer.updates
    return [f"rate {training.optimizer.rate(done - 1):.3g}"] if done else []


def _done(training: Training) -> int:
    """How many batches are over."""
    return max(training.epoch - 1, 0) * training.batches + training.batch
