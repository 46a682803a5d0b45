"""Locks: a folder has one writer at a time, and whoever comes meanwhile is told which.

A lock is a hidden file in the folder, under a name that is its writer's alone (`elman.files.owners`). A writer looks
for locks of others, makes its own, and looks again: of two that come at once, both see the other one, step back, and
try again a moment later. So a lock is never taken from anyone, and needs nothing of the system or of the file system.
That of a process that has died on this machine counts no more and is swept; that of another machine counts until
somebody removes it, as the message says.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from elman.errors import OptionError
from elman.files.drafts import held, hidden, owner_of, remove, sweep
from elman.files.journal import finish
from elman.files.owners import here, host
from elman.files.refusals import OUT, of_folder, real

_AT_ONCE = 0.05  # seconds for which those step back that came at once, at most

_guard = threading.RLock()
_held: dict[tuple[Path, int], Writing] = {}  # by folder and process, as a fork holds nothing of what is here


def _guard_anew() -> None:
    """In a fork, where there is no thread that would ever leave it."""
    global _guard
    _guard = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_guard_anew)


def check_alone(folder: Path, what: str = "", *, option: str = OUT) -> None:
    """Refuse a folder that another process, or another part of this one, writes now; one that is not there is free.

    Raises
    ------
    OptionError
        Saying which writes there, and since when.
    """
    if folder.is_dir() and os.access(folder, os.W_OK):
        with Writing(folder, what, option=option):
            pass


class Writing:
    """A folder that this process writes, and no other meanwhile: a context, or what begins and ends.

    What a process that was killed has left there is finished, or swept, at the beginning.

    Parameters
    ----------
    folder : Path
        Made if it is not there, with its parents, and taken away at the end if it is empty then.
    what : str
        What writes, as others are told: ``"elman forecast"``.
    option : str
        How the caller is told another folder.
    wait : float, default 0
        Seconds to wait for one that writes now.

    Raises
    ------
    OptionError
        If another process, or another part of this one, writes it, saying which and since when; or if the folder cannot
        be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Writing(folder, "a training"):
    ...     [path.suffix for path in folder.iterdir()]
    ['.lock']
    """

    def __init__(self, folder: Path, what: str = "", *, option: str = OUT, wait: float = 0.0):
        self.folder: Path = Path(folder)
        self.what: str = what
        self._option, self._wait = option, wait
        self._since = ""
        self._open = contextlib.ExitStack()

    def begin(self) -> None:
        """Be the one that writes."""
        until = time.monotonic() + self._wait
        while (other := self._begun()) is not None:
            if time.monotonic() > until:
                raise OptionError(other)
            time.sleep(random.uniform(0.2, 1) * _AT_ONCE)

    def end(self) -> None:
        """Let others write; whatever happens."""
        self._open.close()

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.end()

    def _begun(self) -> str | None:
        """Take the lock; what to say if another has it."""
        for _ in range(5):
            with contextlib.ExitStack() as undo, _guard:
                try:
                    place = self._folder(undo)
                    if (other := self._other(place)) is not None:
                        return other
                    self._take(place, undo)
                    alone = not _locks(place)
                    if alone:
                        sweep(place)  # not before: who writes there may die until now
                        finish(place)
                except OSError as error:
                    raise of_folder(self.folder, error, self._option) from error
                if alone:
                    self._open = undo.pop_all()
                    return None
            time.sleep(random.uniform(0.2, 1) * _AT_ONCE)
        return self._said("another process that began at the same time", "")

    def _folder(self, undo: contextlib.ExitStack) -> Path:
        """The folder, there now; the ones that were made for it go with it if nothing came into them."""
        place = real(self.folder)
        for folder in [p for p in (*reversed(place.parents), place) if not p.exists()]:
            folder.mkdir(exist_ok=True)
            undo.callback(_remove_if_empty, folder, os.getpid())
        return place

    def _other(self, place: Path) -> str | None:
        mine = _held.get((place, os.getpid()))
        if mine is not None:
            return self._said(f"this process ({mine.what or 'another part of it'})", mine._since)
        return next((self._of_lock(lock) for lock in _locks(place)), None)

    def _of_lock(self, lock: Path) -> str:
        owner, said = owner_of(lock.name), dict[str, str]()
        with contextlib.suppress(OSError, ValueError, TypeError):
            said = {str(k): str(v) for k, v in dict(json.loads(lock.read_text(encoding="utf-8"))).items()}
        what = f" ({said['what']})" if said.get("what") else ""
        who = f"process {owner and owner.pid}{what} on {said.get('host', 'some host')}"
        known = owner is not None and owner.is_here
        hint = "" if known else f". If that one no longer runs there, which cannot be seen from here, remove {lock}"
        return self._said(who, said.get("since", ""), hint)

    def _said(self, who: str, since: str, hint: str = "") -> str:
        when = f", since {since}" if since else ""
        return (
            f"the folder {self.folder} is being written by {who}{when}: wait until that has ended, or give another "
            f"with {self._option}{hint}"
        )

    def _take(self, place: Path, undo: contextlib.ExitStack) -> None:
        lock, pid = hidden(place, "lock"), os.getpid()
        self._since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        undo.enter_context(held(lock))
        undo.callback(_give_back, lock, pid)
        told = {"host": host(), "pid": pid, "since": self._since, "what": self.what}
        with lock.open("x", encoding="utf-8") as file:
            json.dump(told, file)
        _held[place, pid] = self
        undo.callback(_held.pop, (place, pid), None)


def one_thread() -> contextlib.AbstractContextManager[object]:
    """One thread of this process at a time."""
    return _guard


def is_held(folder: Path) -> bool:
    """Whether this process has the lock of a folder."""
    return (real(folder), os.getpid()) in _held


def _locks(place: Path) -> list[Path]:
    """The locks in a folder, of all but dead processes and this one; a process that died is none."""
    with os.scandir(place) as entries:
        names = sorted(e.name for e in entries if e.name.startswith(".elman-") and e.name.endswith(".lock"))
    owners = [(name, owner_of(name)) for name in names]
    return [place / name for name, owner in owners if owner and owner != here() and not owner.is_dead]


def _give_back(lock: Path, pid: int) -> None:
    if os.getpid() == pid:  # and not a fork of it
        remove(lock)


def _remove_if_empty(folder: Path, pid: int) -> None:
    with contextlib.suppress(OSError):
        if os.getpid() == pid:
            folder.rmdir()
