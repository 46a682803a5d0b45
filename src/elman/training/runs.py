"""Runs: a folder in which trainings leave where they stand, so that they go on from there, whatever ended them.

Within `saving` each training that begins has a place of its own in the folder, named by the order in which trainings
are made: the same pipeline, run again, finds the place of each. What is done side by side, or in other processes, has
scopes of its own, so that no order depends on time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from elman import checks
from elman.checks import flag, shown, whole
from elman.errors import ModelFileError, OptionError
from elman.files import Writing, check_alone, check_writable, write_whole
from elman.plain import to_json
from elman.training.interrupts import Interrupts, Terminated
from elman.untrusted import UNREADABLE, parsed

Made = TypeVar("Made")
Folder = str | os.PathLike[str] | None
MANIFEST, ENDING = "run.json", ".safetensors"
BEST = f"best{ENDING}"
USUAL = "10 min"
HINT = "go on from it with resume=True, or give another folder, or remove this one"
KEPT = 3  # checkpoints of a training that is alone in its folder
SECONDS = {"s": 1, "sec": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hours": 3600}
_MINE = re.compile(r"((checkpoint|training-\d+(\.\d+)*)-\d{8,}|best)\.safetensors|result-\d+(\.\d+)*\.json")
_EVERY = "a time, as '30 s', '10 min' or '2 h', or a whole number of updates"
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


@dataclass(frozen=True)
class Every:
    """How often a training is written: after so many seconds, or each so many updates.

    Examples
    --------
    >>> Every.of("10 min"), Every.of(500)
    (Every(seconds=600.0, updates=None), Every(seconds=inf, updates=500))
    """

    seconds: float = float("inf")
    updates: int | None = None

    @classmethod
    def of(cls, given: Any) -> Every:
        """What a user says."""
        if not isinstance(given, str):
            if isinstance(given, bool) or not isinstance(given, int | np.integer):
                raise OptionError(f"every is {shown(given)}; expected {_EVERY}")
            return cls(updates=whole(given, "every", most=10**15))
        found = _WRITTEN.fullmatch(given)
        if found is None and given.strip().isdigit():
            return cls.of(int(given))
        if found is None or found[2] not in SECONDS:
            raise OptionError(f"every is {given!r}; expected {_EVERY}")
        return cls(seconds=float(found[1]) * SECONDS[found[2]])

    def left(self, updates: int) -> int | None:
        """How many updates there are to the next that is written; None where they do not say."""
        return None if self.updates is None else self.updates - updates % self.updates


class Run:
    """A folder of checkpoints, and how they are written.

    Attributes
    ----------
    folder : Path
    every : Every
    keep : int
        How many checkpoints of a training stay.
    resume : bool
        Whether trainings go on from what is there.
    alone : bool
        Whether one training has the folder for itself.
    writes : bool
        Whether this process writes; of several ranks one does.
    interrupts : Interrupts
        Ctrl-C and SIGTERM while the run is open.
    """

    def __init__(
        self,
        folder: Path,
        every: Every,
        keep: int,
        *,
        resume: bool,
        alone: bool = False,
        writes: bool = True,
        about: Mapping[str, Any] | None = None,
    ):
        self.folder: Path = folder
        self.every: Every = every
        self.keep: int = keep
        self.resume: bool = resume
        self.alone: bool = alone
        self.writes: bool = writes
        self.interrupts: Interrupts = Interrupts(terms=True, patient=False)
        self._about, self._begun = about or {"saved": "trainings"}, False
        self._done = False  # nothing of it is wanted any more

    def __reduce__(self) -> tuple[Any, ...]:
        how = {"resume": self.resume, "alone": self.alone, "writes": self.writes, "about": self._about}
        return _elsewhere, (self.folder.absolute(), self.every, self.keep, how)

    @contextlib.contextmanager
    def opened(self, hint: str, option: str = "checkpoint=") -> Iterator[None]:
        """Have the folder to write into; SIGTERM ends what is done in this context."""
        try:
            with self._mine(hint, option) if self.writes else contextlib.nullcontext(), self.interrupts:
                yield
        except KeyboardInterrupt as error:
            if self.interrupts.terminated:
                parts = [str(error) or "terminated", *getattr(error, "__notes__", ())]
                raise Terminated("; ".join(parts)) from error
            raise

    @contextlib.contextmanager
    def _mine(self, hint: str, option: str) -> Iterator[None]:
        """Be the only one that writes the folder."""
        command = self._about.get("command")
        what = f"elman {command[0]}" if command else str(self._about.get("saved", "a command"))
        alone = Writing(self.folder, what, option=option)
        try:
            self._check(hint, option)
        except OptionError:
            check_alone(self.folder, what, option=option)  # nobody is to remove, or go on with, what is being written
            raise
        with alone:
            self._check(hint, option)  # as another may have written meanwhile
            if not (self.folder / MANIFEST).exists():
                self._note_beginning()
            yield
        if self._done:
            with contextlib.suppress(OSError):
                self.folder.rmdir()

    def _note_beginning(self) -> None:
        """Say what is not as one may think of a folder without a run."""
        if self.resume:
            note(f"{self.folder} holds no run, so that the training begins")
        others = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))
        if others:
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            note(f"{self.folder} holds other files, beside which checkpoints go: {', '.join(others[:3])}{more}")

    def _check(self, hint: str, option: str) -> None:
        there = (self.folder / MANIFEST).exists()
        if there and not self.resume:
            raise OptionError(
                f"{self.folder} holds a run that was not brought to its end, or kept{_told(self.folder)}: {hint}"
            )
        check_writable(self.folder, option=option)

    def begin(self) -> None:
        """Say whose the folder is, before the first checkpoint is written."""
        if self._begun or not self.writes:
            return
        self._begun = True
        if not (self.folder / MANIFEST).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / MANIFEST, (to_json(self._about, "the run", indent=1) + "\n").encode())

    def take_away(self) -> None:
        """Remove all that the run has written, and at its end the folder if nothing else is in it."""
        for file in (*filter(is_of_run, self.folder.glob("*")), self.folder / MANIFEST):
            file.unlink(missing_ok=True)
        self._done = True


def is_of_run(file: Path) -> bool:
    """Whether a run wrote a file with this name."""
    return _MINE.fullmatch(file.name) is not None


def _elsewhere(folder: Path, every: Every, keep: int, how: dict[str, Any]) -> Run:
    """The run in another process, which does without where it cannot see the folder."""
    run = Run(folder, every, keep, **how)
    if run.writes and not (folder / MANIFEST).exists():
        note(f"{platform.node()} cannot see the folder {folder}: what is trained there is not saved")
        run.writes = False
    return run


def _told(folder: Path) -> str:
    """What a run's own file says of it, in brackets."""
    try:
        command = manifest_of(folder).get("command")
    except ModelFileError:
        return ""
    return f" (elman {shlex.join(map(str, command))})" if isinstance(command, list) else ""


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a run's own file says of it.

    Raises
    ------
    ModelFileError
        If there is none, or it is broken.
    """
    file = folder / MANIFEST
    try:
        found = parsed(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{folder} holds no run that could go on: {file} cannot be read ({error})") from error
    if not isinstance(found, dict):
        raise ModelFileError(f"{file} is {shown(found)}; expected an object")
    return found


# --- places ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where the checkpoints of one training are.

    Attributes
    ----------
    run : Run
    name : str
        What their names begin with.
    """

    run: Run
    name: str

    def files(self) -> list[Path]:
        """The checkpoints, the newest first."""
        found = self.run.folder.glob(f"{self.name}-*{ENDING}")
        numbered = [(int(end), file) for file in found if (end := file.stem.removeprefix(f"{self.name}-")).isdigit()]
        return [file for _, file in sorted(numbered, reverse=True)]

    def write(self, updates: int, content: bytes) -> None:
        """Write a checkpoint after so many updates; then take the oldest away."""
        write_whole(self.run.folder / f"{self.name}-{updates:08d}{ENDING}", content)
        for file in self.files()[self.run.keep :]:
            file.unlink(missing_ok=True)

    @property
    def best(self) -> Path | None:
        """Where the best network is; None where several trainings share the folder."""
        return self.run.folder / BEST if self.run.alone else None


class Scope:
    """Numbers for what is done in an order that never changes.

    Parameters
    ----------
    run : Run
    path : str
        What all names in it begin with.
    """

    def __init__(self, run: Run, path: str = ""):
        self.run: Run = run
        self.path: str = path
        self._numbers = itertools.count(1)

    def __reduce__(self) -> tuple[Any, ...]:
        return Scope, (self.run, self.path)

    def place(self) -> Place:
        """Of the next training."""
        number = next(self._numbers)
        return Place(self.run, "checkpoint" if self.run.alone else f"training-{self.path}{number}")

    def result(self) -> tuple[Path, Scope]:
        """The file of the next result, and what is done for it."""
        number = f"{self.path}{next(self._numbers)}"
        return self.run.folder / f"result-{number}.json", Scope(self.run, f"{number}.")

    def forget(self) -> None:
        """Take away what is done in it has left, now that its result is there."""
        for kind in ("training", "result"):
            for file in self.run.folder.glob(f"{kind}-{self.path}*"):
                file.unlink(missing_ok=True)

    def inner(self, count: int) -> list[Scope]:
        """Of the next works that are done side by side, one for each."""
        number = next(self._numbers)
        self.run.begin()
        return [Scope(self.run, f"{self.path}{number}.{k}.") for k in range(1, count + 1)]


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def next_place() -> Place | None:
    """Where the next training is saved; None where nothing is."""
    scope = _current.get()
    return None if scope is None else scope.place()


def scopes_of(count: int) -> Sequence[Scope | None]:
    """A scope for each of some works, which are done in any order."""
    scope = _current.get()
    return [None] * count if scope is None else scope.inner(count)


def remembered(make: Callable[[], Made], as_data: Callable[[Made], Any], of_data: Callable[[Any], Made]) -> Made:
    """What is made, or was made before the run was stopped.

    Parameters
    ----------
    make : function
    as_data, of_data : function
        Of what was made: to JSON, in which a number that is not finite becomes None, and back.
    """
    scope = _current.get()
    if scope is None:
        return make()
    file, inner = scope.result()
    if scope.run.resume and file.exists():
        try:
            return of_data(parsed(file.read_text(encoding="utf-8"), str(file)))
        except (OSError, *UNREADABLE) as error:
            note(f"{file} cannot be read, so that it is found again: {error}")
    with within(inner):
        made = make()
    if scope.run.writes:
        scope.run.begin()
        write_whole(file, to_json(as_data(made), "a result", undefined_as_null=True).encode())
        inner.forget()
    return made


@contextlib.contextmanager
def within(scope: Scope | None) -> Iterator[None]:
    """Take places from a scope; with None nothing is saved."""
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)


@contextlib.contextmanager
def saving(
    folder: Folder,
    every: str | int | None = None,
    *,
    resume: bool = False,
    keep: int | None = None,
    alone: bool = False,
    writes: bool = True,
    about: Mapping[str, Any] | None = None,
    hint: str = HINT,
    option: str = "checkpoint=",
) -> Iterator[Run | None]:
    """Save the trainings that are done in this context.

    Parameters
    ----------
    folder : str or Path, optional
        Where; None saves nothing, and goes with no other option.
    every : str or int, optional
        How often, ``"10 min"``, ``"30 s"``, or a number of updates; 10 minutes by default.
    resume : bool, default False
        Whether trainings go on from what is there. A folder that holds a run is refused otherwise.
    keep : int, optional
        How many checkpoints of each training stay: 3 of one that is alone, else 1.
    alone : bool, default False
        Whether there is one training.
    writes : bool, default True
        Whether this process writes.
    about : mapping, optional
        What the run's own file says of it.
    hint : str
        How to go on with a run that was left, in the words of whoever asks.
    option : str, default "checkpoint="
        How whoever asks is told another folder.

    Raises
    ------
    OptionError
        If an option makes no sense, or the folder holds another run, or cannot be written.
    Terminated
        After SIGTERM, once the training that was under way is written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import elman as el
    >>> x, folder = np.ones((16, 5, 1)), tempfile.mkdtemp() + "/run"
    >>> def train():
    ...     nets = [el.Network(1, [el.GRU(4), el.Dense(1)], seed=seed) for seed in range(2)]
    ...     with saving(folder, "30 s", resume=True):
    ...         el.fit_many(nets, x, x, epochs=3, verbose=0)
    ...     return nets[0].arena.copy()
    >>> bool((train() == train()).all())  # the second time both are read
    True
    """
    flag(resume, "resume")
    if folder is None:
        for name, value in (("every", every), ("keep", keep), ("resume", resume or None)):
            if value is not None:
                raise OptionError(f"{name} is {value!r}, and there is no folder to save into: give checkpoint='run'")
        yield None
        return
    place, often = checks.path(folder, "checkpoint"), Every.of(USUAL if every is None else every)
    many = (KEPT if alone else 1) if keep is None else whole(keep, "keep")
    run = Run(place, often, many, resume=resume, alone=alone, writes=writes, about=about)
    with run.opened(hint, option), within(Scope(run)):
        yield run


def note(text: str) -> None:
    """Tell the user, as of the line that called Elman."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, RuntimeWarning, stacklevel=depth)


_OURS = (os.path.dirname(os.path.dirname(__file__)) + os.sep, contextlib.__file__)  # files that are not the user's
