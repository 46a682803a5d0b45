"""Records: what a training leaves in files, networks and lines of numbers, and never over what another has left."""

from __future__ import annotations

import csv
import glob
import io
import os
import string
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elman import checks
from elman.checks import flag
from elman.errors import OptionError
from elman.files import check_file, write_whole
from elman.hints import CALLBACK, hinted_class
from elman.training.callbacks import Callback
from elman.training.monitors import Best, Monitor
from elman.training.state import Training
from elman.untrusted import count, list_of


@hinted_class(CALLBACK)
class ModelCheckpoint(Callback):
    """Saves the network after each epoch, or after each that was better than all before.

    An object remembers the best of its network from one `fit` to the next: a file is replaced only by a better network.
    What others have written is not replaced, unless `overwrite` says so.

    Parameters
    ----------
    path : str or Path
        Where to; ``{epoch}``, the number of the epoch in the life of the network, and the names of ``training.logs`` in
        it are filled in: ``"net-{epoch:03d}.safetensors"``.
    monitor : str or None, default "val_loss"
        What should get better for a file to be written; None writes after each epoch.
    mode : {"auto", "min", "max"}, default "auto"
        Whether `monitor` should fall or rise, as for `EarlyStopping`.
    overwrite : bool, default False
        Whether files that were there before are replaced. If not, a training that would do so does not begin.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> keep = el.ModelCheckpoint("best.safetensors", monitor="loss")
    >>> history = net.fit(x, target, epochs=2, callbacks=[keep], verbose=0)
    >>> best = el.load("best.safetensors")
    """

    adds_logs = False
    one_network = True
    one_rank = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str | None = "val_loss",
        mode: str = "auto",
        *,
        overwrite: bool = False,
    ):
        self.path: str = os.fspath(checks.model_path(path, "ModelCheckpoint: path"))
        self.monitor: str | None = monitor
        self.mode: str = mode
        self.overwrite: bool = flag(overwrite, "ModelCheckpoint: overwrite")
        self._monitor = None if monitor is None else Monitor("ModelCheckpoint", monitor, mode)
        self._written: set[str] = set()
        self._best: Best | None = None
        self._network: weakref.ref[Any] | None = None

    def check(self, training: Training) -> None:
        if self._network is not None and self._network() is not training.net:
            raise OptionError(
                "this ModelCheckpoint holds the best of another network: make one for each network, with a path of "
                "its own"
            )
        if self._monitor is not None:
            self._monitor.check(training)
        if not any(name for _, name, _, _ in self._parsed()):
            check_file(Path(self.path))
        if not (self.overwrite or training.resumed):
            self._check_free(training)

    def _check_free(self, training: Training) -> None:
        """Refuse to write over files that are there, before an epoch is trained in vain."""
        there = [file for file in glob.glob(self._pattern()) if file not in self._written]
        if not there:
            return
        done = training.net.epochs
        for epoch in range(done + 1, done + training.epochs + 1):
            taken = set(glob.glob(self._pattern(epoch))) & set(there)
            if taken:
                raise OptionError(
                    f"ModelCheckpoint would write over {min(taken)}, which an earlier training left: give another "
                    "path, or overwrite=True"
                )

    def _pattern(self, epoch: int | None = None) -> str:
        """The path for `glob`, with the number of an epoch, or any, and any other numbers."""
        parts = []
        for text, name, form, _ in self._parsed():
            parts.append(glob.escape(text))
            if name is not None:
                parts.append("*" if name != "epoch" or epoch is None else format(epoch, form or ""))
        return "".join(parts)

    def _parsed(self) -> list[tuple[str, str | None, str | None, str | None]]:
        try:
            return list(string.Formatter().parse(self.path))
        except ValueError as error:
            raise OptionError(f"ModelCheckpoint cannot fill in {self.path!r} ({error})") from error

    def on_train_begin(self, training: Training) -> None:
        self._network = weakref.ref(training.net)
        if self._best is None and self._monitor is not None:
            self._best = Best(mode=self._monitor.direction(training), keep_weights=False)

    def on_epoch_end(self, training: Training) -> None:
        if not self._better(training):
            return
        file = self._filled(training)
        training.net.save(file)
        self._written.add(file)

    def state_dict(self) -> dict[str, Any]:
        best = {} if self._best is None else self._best.state_dict()
        return {"written": sorted(self._written), **best}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        list_of(str)(stored["written"], "the files of a ModelCheckpoint")
        self._written |= set(stored["written"])
        if self._best is not None:
            self._best.load_state_dict({name: value for name, value in stored.items() if name != "written"})

    def _better(self, training: Training) -> bool:
        """Whether this epoch is to be saved."""
        if self._monitor is None or self._best is None:
            return True
        return self._best.improved(self._monitor.value(training), training)

    def _filled(self, training: Training) -> str:
        """The path with the numbers of this epoch."""
        try:
            return self.path.format(**{**training.logs, "epoch": training.net.epochs})
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            known = ", ".join(("epoch", *training.logs))
            raise OptionError(f"ModelCheckpoint cannot fill in {self.path!r} ({error}); there are {known}") from error


@hinted_class(CALLBACK)
class CSVLogger(Callback):
    """Writes a line of numbers to a file after each epoch, its number in the life of the network first.

    One object goes on with its file in each further `fit`. The file is replaced as a whole, so that it has no half line
    whenever the process is killed.

    Parameters
    ----------
    path : str or Path
        Where to.
    append : bool, default False
        Whether lines are added to a file that was there before. If not, a training does not begin where there is one.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> history = net.fit(x, target, epochs=2, callbacks=[el.CSVLogger("epochs.csv")], verbose=0)
    >>> print(open("epochs.csv").readline())
    epoch,loss,...
    <BLANKLINE>
    """

    adds_logs = False
    one_rank = True

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False):
        self.path: Path = checks.path(path, "CSVLogger: path")
        self.append: bool = flag(append, "CSVLogger: append")
        self._mine = False
        self._known: tuple[tuple[int, ...], str, list[str]] | None = None  # the file as it was written last

    def check(self, training: Training) -> None:
        check_file(self.path)
        if self.path.exists() and not (self.append or self._mine or training.resumed):
            raise OptionError(
                f"CSVLogger would write over {self.path}, which an earlier training left: give append=True to add "
                "lines to it, or another path"
            )

    def on_epoch_end(self, training: Training) -> None:
        line = {"epoch": training.net.epochs, **training.logs}
        before, columns = self._so_far()
        text = io.StringIO(newline="")
        if not set(line) <= set(columns):  # the first, or numbers that were not there before: all with their columns
            lines = list(csv.DictReader(io.StringIO(before, newline="")))
            columns, before = [*columns, *(name for name in line if name not in columns)], ""
            csv.DictWriter(text, columns).writeheader()
            csv.DictWriter(text, columns).writerows(lines)
        csv.DictWriter(text, columns).writerow(line)
        gap = "" if not before or before.endswith(("\n", "\r")) else "\r\n"
        content = before + gap + text.getvalue()
        write_whole(self.path, content.encode())  # as a line at its end could be half a line, if this is killed
        self._mine, self._known = True, (self._version(), content, columns)

    def state_dict(self) -> dict[str, Any]:
        there = self._text().splitlines(keepends=True)
        return {"lines": len(there), "mine": self._mine}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on behind the lines that there were then; those that came later come once more."""
        kept, there = count(stored["lines"], "lines"), self._text().splitlines(keepends=True)
        self._mine = bool(stored["mine"])
        if len(there) > kept:
            write_whole(self.path, "".join(there[:kept]).encode())

    def _text(self) -> str:
        return self.path.read_bytes().decode() if self.path.exists() else ""

    def _version(self) -> tuple[int, ...]:
        """What tells whether another has written the file meanwhile."""
        found = self.path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _so_far(self) -> tuple[str, list[str]]:
        """The text and the columns of the file; none without one."""
        if not self.path.exists():
            return "", []
        if self._known is not None and self._known[0] == self._version():
            return self._known[1:]
        with self.path.open(newline="", encoding="utf-8") as file:
            text = file.read()
        columns = next(csv.reader(io.StringIO(text, newline="")), [])
        if columns and columns[0] != "epoch":
            raise OptionError(f"CSVLogger cannot add lines to {self.path}: it has no column epoch; give another path")
        return text, columns
