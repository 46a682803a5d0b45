"""NumPy's matrix products and equations in one order, whatever the number of threads that its BLAS would take."""

from __future__ import annotations

import functools
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_limits: list[Any] = []
_depth = 0


@contextmanager
def one_blas_thread() -> Generator[None]:
    """The BLAS of this process takes one thread, as long as any thread is in this context.

    With several it shares out rows or sums, and which of its kernels meets which number changes the last digits: so
    what has to be the same in every process, on any number of cores, is computed here.
    """
    global _depth
    with _lock:
        if _depth == 0:
            _limits.append(_controller().limit(limits=1, user_api="blas"))
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _limits.pop().restore_original_limits()


@functools.cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
