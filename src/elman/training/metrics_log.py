"""`MetricsLog`: the numbers of a training as it goes, a line of JSON each."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
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

UPDATE, KIND, NETWORK = "update", "kind", "network"


@dataclass(eq=False)
class _Told:
    """What has been told of one network.

    Attributes
    ----------
    number : int
    seconds : float
        Of the trainings before.
    updates : int
        Of the epoch, in lines so far.
    lines : int
        Of the file.
    """

    number: int
    mine: bool = False
    seconds: float = 0.0
    updates: int = 0
    lines: int = 0
    began: float = 0.0

    @property
    def gone(self) -> float:
        """Seconds since the training began, with those before it was resumed."""
        return self.seconds + (time.monotonic() - self.began if self.mine else 0.0)


class MetricsLog(Callback):
    """Writes a line of JSON after each epoch, and if asked after each so many updates; each is in the file at once.

    ``{"network": 1, "kind": "epoch", "epoch": 2, "update": 200, "loss": 0.41, "val_loss": 0.47, "learning_rate": 0.001,
    "seconds": 1.9}`` has what ``training.logs`` has, `seconds` being those of the epoch. ``{"network": 1, "kind":
    "updates", "epoch": 2, "update": 150, "loss": 0.43, "learning_rate": 0.001, "seconds": 1.4}`` has the mean loss of
    the updates since the last such line of the epoch, the learning rate of the last of them and the seconds since the
    training began. Epochs and updates are those in the life of the network, the epoch of an update the one it belongs
    to. A number that is not finite is null.

    With `gradient_norms` both have the mean and the largest norm of the gradients of the same updates, before they are
    clipped, as ``"gradient_norm"`` and ``"gradient_norm_max"``.

    All lines of several networks (of `elman.fit_many`, members of an estimator, one `fit` after the other) are in the
    one file: ``"network"`` numbers them from 1 in their order. A `Forecaster` trains each member twice, without the
    newest values and then with them, as networks of other numbers.

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
    gradient_norms : bool, default False
        Whether to write norms of gradients, which takes hardly any time.

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
    side_by_side = True
    one_rank = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int | None = None,
        *,
        append: bool = False,
        gradient_norms: bool = False,
    ):
        self.path: Path = checks.path(path, "MetricsLog: path")
        self.append: bool = flag(append, "MetricsLog: append")
        self.gradient_norms: bool = flag(gradient_norms, "MetricsLog: gradient_norms")
        self._each: bool = every is not None
        self.every: int = 1 if every is None else whole(every, "MetricsLog: every")
        self._mine = False
        self._numbers = itertools.count(1)
        self._networks: weakref.WeakKeyDictionary[Any, _Told] = weakref.WeakKeyDictionary()
        self._lock = threading.RLock()  # of the file, to which networks side by side write
        self._here = threading.local()  # which network the training of this thread trains

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
        self._kept(self._told(training), training.net.updates)

    def on_train_begin(self, training: Training) -> None:
        told = self._here.told = self._told(training)
        with self._lock:
            if not training.resumed:
                self._write_over(told, self._kept(told, training.net.updates))
            self._mine = True
        told.mine, told.began = True, time.monotonic()

    def on_epoch_begin(self, training: Training) -> None:
        self._told(training).updates = 0

    def on_batch_end(self, training: Training) -> None:
        told, losses = self._told(training), training.losses_so_far
        rate = training.optimizer.rate(training.optimizer.updates - 1)
        numbers = {"loss": float(np.mean(losses[told.updates :])), "learning_rate": rate, "seconds": told.gone}
        norms = self._norms(training, told.updates)
        told.updates = len(losses)
        place = {KIND: "updates", "epoch": training.net.epochs + 1, UPDATE: training.net.updates}
        self._write(told, {**place, **numbers, **norms})

    def on_epoch_end(self, training: Training) -> None:
        where = {KIND: "epoch", "epoch": training.net.epochs, UPDATE: training.net.updates}
        self._write(self._told(training), {**where, **training.logs, **self._norms(training)})

    def on_train_end(self, training: Training) -> None:
        told = self._told(training)
        told.seconds, told.mine = told.gone, False

    def state_dict(self) -> dict[str, Any]:
        """How far the file is, and the training's time so far."""
        told = getattr(self._here, "told", _Told(0))  # of several ranks one writes
        return {"lines": told.lines, "told": told.updates, "seconds": told.gone}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on behind the lines that there were then; those that came later come once more."""
        held(dict(stored), "a MetricsLog", {"lines": count, "told": count, "seconds": (int, float)})
        told = self._here.told
        with self._lock:
            lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
            own = itertools.count(1)
            kept = [line for line in lines if not self._is_of(told, line) or next(own) <= stored["lines"]]
            self._write_over(told, kept)
        told.updates, told.seconds = stored["told"], stored["seconds"]
        told.mine, told.began = True, time.monotonic()

    def _told(self, training: Training) -> _Told:
        """What has been told of its network."""
        with self._lock:
            if training.net not in self._networks:
                self._networks[training.net] = _Told(next(self._numbers))
            return self._networks[training.net]

    def _norms(self, training: Training, first: int = 0) -> dict[str, float]:
        """Of the gradients of this epoch, from an update on."""
        if not self.gradient_norms:
            return {}
        norms = training.norms_so_far[first:]
        known = norms[~np.isnan(norms)]  # a training that goes on may know of some only
        if not len(known):
            return {"gradient_norm": np.nan, "gradient_norm_max": np.nan}
        return {"gradient_norm": float(np.mean(known)), "gradient_norm_max": float(np.max(known))}

    def _write(self, told: _Told, line: dict[str, Any]) -> None:
        """Add a line, in one piece."""
        line = {NETWORK: told.number, **line}
        text = json.dumps({name: _number(value) for name, value in line.items()}, allow_nan=False)
        with self._lock, self.path.open("ab", buffering=0) as file:
            file.write(f"{text}\n".encode())
            told.lines += 1

    def _write_over(self, told: _Told, lines: list[bytes]) -> None:
        """Have these lines in the file, if they are not what it has."""
        content = b"".join(lines)
        if self.path.exists() and content != self.path.read_bytes():
            write_whole(self.path, content)
        told.lines = sum(self._is_of(told, line) for line in lines)

    def _kept(self, told: _Told, updates: int) -> list[bytes]:
        """The whole lines of the file, those of a network up to an update."""
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        if lines and not lines[-1].endswith(b"\n"):
            del lines[-1]
        places = [self._place_of(line) for line in lines]
        return [line for line, (net, at) in zip(lines, places, strict=True) if net != told.number or at <= updates]

    def _is_of(self, told: _Told, line: bytes) -> bool:
        """Whether a line is of a network; one that is not whole may be of any, and is nobody's loss."""
        try:
            return self._place_of(line)[0] == told.number
        except OptionError:
            return True

    def _place_of(self, line: bytes) -> tuple[int, int]:
        """The number of the network of a line, and of the update."""
        try:
            found = json.loads(line)
            return whole(found.get(NETWORK, 1), NETWORK), whole(found[UPDATE], UPDATE, least=0)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OptionError) as error:
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
