"""Who writes: a process as a name that no other one ever has, and whether it still runs."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")
PATTERN = r"([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)"


@dataclass(frozen=True)
class Owner:
    """A process.

    Attributes
    ----------
    machine : str
        Which processes it is one of: those of a host, or of a container on it.
    boot : str
        Since when that machine runs: after it was started again, none of the processes before runs any more.
    pid : int
        Its number.
    start : int
        When it began, in ticks since the machine did, as numbers are given again; 0 where nothing tells.
    """

    machine: str
    boot: str
    pid: int
    start: int

    def __str__(self) -> str:
        return f"{self.machine}-{self.boot}-{self.pid}-{self.start}"

    @classmethod
    def of(cls, text: str) -> Owner | None:
        """What `str` wrote; None of any other text."""
        found = re.fullmatch(PATTERN, text)
        return found and cls(found[1], found[2], int(found[3]), int(found[4]))

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine, so that `is_dead` knows of it."""
        return self.machine == here().machine

    @property
    def is_dead(self) -> bool:
        """Whether it surely runs no more."""
        return self.is_here and (self.boot != here().boot or not _runs(self.pid, self.start))


def here() -> Owner:
    """This process."""
    return _process(os.getpid())  # another one after a fork


@functools.lru_cache(maxsize=4)
def _process(pid: int) -> Owner:
    return Owner(_machine(), _hash(_read("/proc/sys/kernel/random/boot_id")), pid, _state_and_start(pid)[1])


def host() -> str:
    """The name of this machine, for people."""
    return platform.node() or "a host without a name"


@functools.cache
def _machine() -> str:
    try:
        space = os.readlink(_PROCESSES / "self/ns/pid")  # processes of another container have numbers of their own
    except OSError:
        space = ""
    return _hash("\n".join((platform.node(), _read("/etc/machine-id"), space)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _runs(pid: int, start: int) -> bool:
    """Whether a process of this machine still runs; True where nothing tells."""
    if not (_runs_on_windows(pid) if os.name == "nt" else _answers(pid)):
        return False
    state, begun = _state_and_start(pid)
    return state not in ("Z", "X") and (not start or not begun or start == begun)  # ended, if not yet reaped


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def _state_and_start(pid: int) -> tuple[str, int]:
    """A letter for what a process does and when it began; nothing of both where the system does not tell."""
    try:
        text = (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()  # behind its name, which may hold anything
        return fields[0], int(fields[19])
    except (OSError, IndexError, ValueError):
        return "", 0


def _runs_on_windows(pid: int) -> bool:
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (there is none elsewhere, which type checkers know)
    process = kernel.OpenProcess(0x1000, False, pid)  # to be asked, no more
    if not process:
        return bool(kernel.GetLastError() == 5)  # somebody else's
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(process, ctypes.byref(code))
    kernel.CloseHandle(process)
    return code.value == 259  # still active
