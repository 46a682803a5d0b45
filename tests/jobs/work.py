"""What the jobs of the tests do, in a module that other processes can import."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from pathlib import Path

from elman.engine.threads import default_threads
from elman.errors import DataError, OptionError
from elman.jobs import run_jobs


class Placed(DataError):
    """Calls its parent with other arguments than its own, and carries something."""

    def __init__(self, place: int, *, lines: list[int]):
        super().__init__(f"wrong at {place}")
        self.place, self.lines = place, lines


class Foreign(Exception):
    """What Python's own pickling cannot make again."""

    def __init__(self, first: int, second: int):
        super().__init__("of another library")
        self.second = second


def failing(number: int) -> int:
    """Those behind an early failure fail too, and sooner."""
    if number == 2:
        time.sleep(0.2)
        raise OptionError("the first one that fails")
    if number > 3:
        raise DataError("a later one")
    return number


def raising(number: int) -> int:
    if number:
        raise Placed(number, lines=[3, 4])
    raise Foreign(1, 2)


def holding_a_lock(number: int) -> int:
    error = DataError("with what cannot be pickled")
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    raise error


class Mute(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError("no text")


def of_python(kind: str) -> None:
    """Errors that hold more than their arguments, or no text."""
    if kind == "file":
        Path("/no/such/file").read_text()
    if kind == "text":
        b"\xff".decode()
    if kind == "mute":
        raise Mute(1)
    error = ValueError("one of them")
    if kind == "a group that cannot be sent":
        error.args = (threading.Lock(),)
    raise ExceptionGroup("several", [error])


def a_lock(number: int) -> object:
    return threading.Lock()


def warning(number: int) -> int:
    warnings.warn(f"careful with {number}", UserWarning, stacklevel=1)
    return number


def nested(number: int) -> tuple[list[int], int, int]:
    """What its own jobs see: how many threads, and the process."""
    return run_jobs(threads, [0, 1], 2), os.getpid(), run_jobs(process, [0, 1], 2)[1]


def threads(number: int) -> int:
    return default_threads()


def process(number: int) -> int:
    return os.getpid()


def ended_once(folder: Path, number: int) -> int:
    """The process of one job is killed, the first time."""
    mark = folder / "killed"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def ended_always(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def waiting(folder: Path, number: int) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)
