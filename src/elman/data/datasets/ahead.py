"""Prefetch: what an iterator makes is made on a thread of its own, some of it before it is asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any, Generic, TypeVar

T = TypeVar("T")

SECONDS_A_LOOK = 0.1  # at Ctrl-C, where it does not end a wait
SECONDS_TO_END = 10.0  # for which an iterator that is at work is waited for


class Ahead(Generic[T]):
    """An iterator whose next few values are made already.

    They come in its order, and so does an error of it, with its own traceback, when it is its turn. The thread ends
    with the ``with`` statement, however that is left.

    Parameters
    ----------
    made : iterator
        Only the thread asks it for values, and closes it at the end.
    depth : int
        How many values may wait; with 0 there is no thread.

    Examples
    --------
    >>> with Ahead(iter("abc"), 2) as letters:
    ...     list(letters)
    ['a', 'b', 'c']
    """

    def __init__(self, made: Iterator[T], depth: int):
        self._made, self._depth = made, depth
        self._ready: deque[T] = deque()
        self._changed = threading.Condition()
        self._stopped = self._over = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Iterator[T]:
        if not self._depth:
            return self._made
        run = copy_context().run
        self._thread = threading.Thread(target=run, args=(self._make,), name="elman-ahead", daemon=True)
        self._thread.start()
        return self._values()

    def __exit__(self, *what: Any) -> None:
        with self._changed:
            self._stopped = True
            self._ready.clear()
            self._changed.notify_all()
        if self._thread is None:
            _close(self._made)
        else:
            self._thread.join(SECONDS_TO_END)

    def _make(self) -> None:
        try:
            for value in self._made:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopped or len(self._ready) < self._depth)
                    if self._stopped:
                        return
                    self._ready.append(value)
                    self._changed.notify_all()
                del value
        except BaseException as error:
            self._error = error
        finally:
            try:
                _close(self._made)
            except BaseException as error:
                self._error = self._error or error
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _values(self) -> Iterator[T]:
        while True:
            with self._changed:
                while not (self._ready or self._over):
                    self._changed.wait(SECONDS_A_LOOK)
                if not self._ready:
                    break
                value = self._ready.popleft()
                self._changed.notify_all()
            yield value
            del value
        if self._error is not None:
            raise self._error


def _close(iterator: Any) -> None:
    """End a generator where it stands, so that its own clean-up is done."""
    if hasattr(iterator, "close"):
        iterator.close()
