"""Progress of trainings, while a command runs."""

from __future__ import annotations

import threading
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from elman.training import Callback
from elman.training.state import Training


class Bars:
    """A progress bar for each stage, on the standard error stream."""

    def __init__(self) -> None:
        columns: list[Any] = [
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
        ]
        self._progress = Progress(*columns, console=Console(stderr=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type | None, *_: object) -> None:
        if error is None:
            self._fill()
        self._progress.live.transient = error is not None  # what is wrong is all there is to read then
        if self._progress.live.is_started:  # else it would leave an empty line
            self._progress.stop()

    def watch(self, stage: str, networks: int) -> list[Callback]:
        """The callback that moves the bar of a stage; nothing is drawn before the first one."""
        self._progress.start()
        self._fill()
        return [_Bar(self._progress, stage, networks)]

    def _fill(self) -> None:
        """The stages before are done, also those that had nothing to train."""
        for task in self._progress.tasks:
            self._progress.update(task.id, total=task.total or 1, completed=task.total or 1)


class _Bar(Callback):
    """One bar for networks, trained one after the other or side by side; what ends early jumps to its end."""

    side_by_side = True

    def __init__(self, progress: Progress, description: str, networks: int):
        self._progress, self._networks = progress, networks
        self._numbers: dict[int, int] = {}  # of trainings, in the order in which they began
        self._done: dict[int, int] = {}  # epochs of each, which may have gone on from where it stood
        self._lock = threading.Lock()
        self._task = progress.add_task(description, total=None, state="")

    def on_train_begin(self, training: Training) -> None:
        with self._lock:
            self._numbers[id(training)] = len(self._numbers) + 1
        if self._networks:
            self._progress.update(self._task, total=self._networks * training.epochs)

    def on_epoch_end(self, training: Training) -> None:
        of = f"/{self._networks}" if self._networks else ""
        number = self._numbers[id(training)]
        self._show(
            training, training.epoch, f"network {number}{of} epoch {training.epoch:>3} loss {training.logs['loss']:.4f}"
        )

    def on_train_end(self, training: Training) -> None:
        if not training.interrupted:
            self._show(training, training.epochs)

    def _show(self, training: Training, epochs: int, state: str | None = None) -> None:
        with self._lock:
            self._done[self._numbers[id(training)]] = epochs
            completed = sum(self._done.values())
        told = {} if state is None else {"state": state}
        self._progress.update(self._task, completed=completed, **told)  # type: ignore[arg-type]
