"""How many threads engines have: as many as there are or are wanted, and in each call no more than its caller may."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from elman.checks import whole
from elman.cores import cores

try:
    import elman._native as _native
except ImportError:  # installed without a compiler
    _native = None  # type: ignore[assignment]

_here = threading.local()


def limit_threads(most: int | None) -> None:
    """Let what this thread calls have so many threads at most, which nobody else's calls take away; None: no limit.

    It holds for engines that there are already, too, and changes no number.
    """
    _here.most = most
    if _native is not None:
        _native.limit_threads(_most() if most is None else most)


def thread_limit() -> int | None:
    """What `limit_threads` said in this thread; None without a limit."""
    return getattr(_here, "most", None)


@contextmanager
def threads_at_most(most: int) -> Generator[None]:
    """Limit the threads of what this thread calls in the context, more than it was limited before."""
    before = thread_limit()
    limit_threads(most if before is None else min(most, before))
    try:
        yield
    finally:
        limit_threads(before)


def default_threads() -> int:
    """How many threads there are for what this thread calls, and is not told how many to have."""
    return min(machine_threads(), thread_limit() or sys.maxsize)


def machine_threads() -> int:
    """The number of threads of an engine that is not told: ``ELMAN_THREADS``, or the cores this process may use.

    Of those no more than ``OMP_NUM_THREADS``, by which joblib, Dask and others share cores out to processes.
    """
    given = os.environ.get("ELMAN_THREADS", "")
    if given:
        return check_threads(int(given) if given.isdecimal() else given, "ELMAN_THREADS")
    share = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]  # one of each level of nesting
    usable = cores()
    usable = min(usable, int(share) if share.isdecimal() and int(share) else usable)
    return min(usable, _most())


def check_threads(threads: Any, what: str = "threads") -> int:
    """A number of threads that an engine may have, `default_threads` for None; `OptionError` for any other."""
    return default_threads() if threads is None else whole(threads, what, most=_most())


def _most() -> int:
    return _native.info()["most_threads"] if _native is not None else 2**31 - 1
