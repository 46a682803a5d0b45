"""The folder of a run: whose it is, who writes it, and what says so."""

from __future__ import annotations

import contextlib
import platform
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from elman.checks import shown
from elman.errors import ModelFileError, OptionError
from elman.files import Writing, check_alone, check_writable, write_whole
from elman.plain import to_json
from elman.training.interrupts import Interrupts, Terminated
from elman.training.notes import note
from elman.training.often import Every
from elman.untrusted import parsed

MANIFEST = "run.json"
_MINE = re.compile(r"((checkpoint|training-\d+(\.\d+)*)-\d{8,}|best)\.safetensors|result-\d+(\.\d+)*\.json")


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
        others = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))
        if others:
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            begins = "no run, so that the training begins, and " if self.resume else ""
            note(f"{self.folder} holds {begins}other files, beside which checkpoints go: {', '.join(others[:3])}{more}")

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
