"""`MetricsLog`: the numbers of a training as it goes, a line of JSON each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.checks import flag, whole
from elman.errors import OptionError
from elman.files import check_file, write_whole
from elman.training.callbacks import Callback
from elman.training.state import Training
from elman.untrusted import count, held

UPDATE, KIND = "update", "kind"


class MetricsLog(Callback):
    """Writes a line of JSON after each epoch, and if asked after each so many updates; each is in the file at once.

    ``{"kind": "epoch", "epoch": 2, "update": 200, "loss": 0.41, "val_loss": 0.47, "learning_rate": 0.001, "seconds":
    1.9}`` has what ``training.logs`` has, `seconds` being those of the epoch. ``{"kind": "updates", "epoch": 2,
    "update": 150,
    "loss": 0.43, "learning_rate": 0.001, "seconds": 1.4}`` has the mean loss of the updates since the last such line of
    the epoch, the learning rate of the last of them and the seconds since the training began. Epochs and updates are
    those in the life of the network, the epoch of an update the one it belongs to. A number that is not finite is null.

    One object goes on with its file in each further `fit`.

    Parameters
    ----------
    path : str or Path
        Where to, as ``"metrics.jsonl"``.
    every : int, optional
        Updates from one line to the next; by default epochs have lines only.
    append : bool, default False
        Whether to go on with a file that was there before, as a training does that is resumed: lines of updates that
        the network has not done yet are dropped first, as it will do them again, and so is a last line that is not
        whole. If not, a training does not begin where there is a file.

    Examples
    --------
    >>> import json, tempfile
    >>> import numpy as np
    >>> import elman as el
    >>> file, x = tempfile.mkdtemp() + "/metrics.jsonl", np.ones((64, 5, 1))
    >>> log = el.MetricsLog(file, every=2)
    >>> history = el.Network(1, [el.GRU(4)]).fit(x, np.zeros((64, 5, 4)), epochs=1, callbacks=[log], verbose=0)
    >>> [(line["kind"], line["update"]) for line in map(json.loads, open(file))]
    [('updates', 2), ('epoch', 2)]
    """

    adds_logs = False
    one_network = True
    one_rank = True

    def __init__(self, path: str | os.PathLike[str], every: int | None = None, *, append: bool = False):
        self.path: Path = checks.path(path, "MetricsLog: path")
        self.append: bool = flag(append, "MetricsLog: append")
        self._each: bool = every is not None
        self.every: int = 1 if every is None else whole(every, "MetricsLog: every")
        self._mine = False
        self._seconds = 0.0  # of the trainings before
        self._told = 0  # updates of the epoch in lines so far
        self._lines = 0  # of the file

    @property
    def watches_batches(self) -> bool:
        """Whether `on_batch_end` is to be called."""
        return self._each

    def check(self, training: Training) -> None:
        check_file(self.path)
        if self.path.exists() and not (self.append or self._mine or training.resumed):
            raise OptionError(
                f"MetricsLog would write over {self.path}, which an earlier training left: give append=True to go on "
                "with it where the network is, or another path"
            )
        self._kept(training.net.updates)

    def on_train_begin(self, training: Training) -> None:
        kept = None if training.resumed else self._kept(training.net.updates)
        if kept is not None:
            write_whole(self.path, kept)
        self._lines = 0 if kept is None else len(kept.splitlines())
        self._mine, self._began = True, time.monotonic()

    def on_epoch_begin(self, training: Training) -> None:
        self._told = 0

    def on_batch_end(self, training: Training) -> None:
        new = training.losses_so_far[self._told :]
        self._told += len(new)
        rate = training.optimizer.rate(training.optimizer.updates - 1)
        numbers = {"loss": float(np.mean(new)), "learning_rate": rate, "seconds": self._gone}
        self._write({KIND: "updates", "epoch": training.net.epochs + 1, UPDATE: training.net.updates, **numbers})

    def on_epoch_end(self, training: Training) -> None:
        where = {KIND: "epoch", "epoch": training.net.epochs, UPDATE: training.net.updates}
        self._write({**where, **training.logs})

    def on_train_end(self, training: Training) -> None:
        if self._mine:
            self._seconds = self._gone

    def state_dict(self) -> dict[str, Any]:
        """How far the file is, and the training's time so far."""
        seconds = self._gone if self._mine else self._seconds
        return {"lines": self._lines, "told": self._told, "seconds": seconds}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on behind the lines that there were then; those that came later come once more."""
        held(dict(stored), "a MetricsLog", {"lines": count, "told": count, "seconds": (int, float)})
        there = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        if len(there) > stored["lines"]:
            write_whole(self.path, b"".join(there[: stored["lines"]]))
        self._mine, self._began = True, time.monotonic()
        self._lines, self._told, self._seconds = min(len(there), stored["lines"]), stored["told"], stored["seconds"]

    @property
    def _gone(self) -> float:
        """Seconds since the training began, with those before it was resumed."""
        return self._seconds + time.monotonic() - self._began

    def _write(self, line: dict[str, Any]) -> None:
        """Add a line, in one piece."""
        text = json.dumps({name: _number(value) for name, value in line.items()}, allow_nan=False)
        with self.path.open("ab", buffering=0) as file:
            file.write(f"{text}\n".encode())
        self._lines += 1

    def _kept(self, updates: int) -> bytes | None:
        """The whole lines of a file up to an update; None without one."""
        if not self.path.exists():
            return None
        lines = self.path.read_bytes().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            del lines[-1]
        return b"".join(line for line in lines if self._update_of(line) <= updates)

    def _update_of(self, line: bytes) -> int:
        try:
            return whole(json.loads(line)[UPDATE], UPDATE, least=0)
        except (ValueError, TypeError, KeyError, RecursionError, OptionError) as error:
            raise OptionError(
                f"MetricsLog cannot go on with {self.path}: it has the line {line[:60]!r}, which is none of its own; "
                "give another path"
            ) from error


def _number(value: Any) -> Any:
    """A number as JSON has it, null where it has none."""
    if not checks.is_number(value):
        return value
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if np.isfinite(plain) else None
