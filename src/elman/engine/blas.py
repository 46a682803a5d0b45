"""NumPy's matrix products and equations in one order, whatever the number of threads that its BLAS would take."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

_lock = threading.RLock()
_before: list[int] = []  # how many threads each library had, while it has one
_depth = 0
_mine = threading.local()  # in how many of these contexts the thread is


@contextmanager
def one_blas_thread() -> Generator[None]:
    """The BLAS of this process takes one thread, as long as any thread is in this context.

    With several it shares out rows or sums, and which of its kernels meets which number changes the last digits: so
    what has to be the same in every process, on any number of cores, is computed here. On a busy machine it is also
    many times faster, as threads of a BLAS wait for one another by counting.
    """
    global _depth
    with _lock:
        if _depth == 0:
            _before[:] = _before or [library.get_num_threads() for library in _libraries()]
            _have([1] * len(_before))
        _depth += 1
        _mine.depth = getattr(_mine, "depth", 0) + 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            _mine.depth -= 1
            if _depth == 0:
                _have(_before)
                _before.clear()


def _have(threads: Sequence[int]) -> None:
    """Give each library so many threads, whichever thread of Python asks: threadpoolctl heeds the first one only."""
    for library, number in zip(_libraries(), threads, strict=True):
        getattr(library, "_real_set_num_threads", library.set_num_threads)(number)


@functools.cache
def _libraries() -> list[Any]:
    """Those that compute matrix products: NumPy's, and what else is in this process when it is first asked."""
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _begin_anew() -> None:
    """After a fork: what other threads were in is over, as they are; theirs is restored by the next context here."""
    global _lock, _depth
    _lock, _depth = threading.RLock(), getattr(_mine, "depth", 0)


if hasattr(os, "register_at_fork"):  # nobody is between two libraries then
    os.register_at_fork(
        before=lambda: _lock.acquire(), after_in_parent=lambda: _lock.release(), after_in_child=_begin_anew
    )
