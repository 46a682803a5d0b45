"""Warnings of one process that come up in another."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

_lists: ContextVar[list[Warned] | None] = ContextVar("_lists", default=None)
_lock = threading.Lock()
_recording: list[warnings.catch_warnings[Any]] = []
_depth = 0
_registry: dict[Any, Any] = {}


@dataclass(frozen=True)
class Warned:
    """A warning: what it says, and where it was."""

    text: str
    category: type[Warning]
    file: str
    line: int


@contextmanager
def recorded() -> Generator[list[Warned]]:
    """The warnings of what runs in this context, which does not show them; other threads may be in one of theirs.

    `warnings.catch_warnings` changes the filters of the whole process, and threads that leave it out of turn leave
    them changed: so the first one that comes enters it, and the last one that goes leaves it.
    """
    found: list[Warned] = []
    token = _lists.set(found)
    _enter()
    try:
        yield found
    finally:
        _leave()
        _lists.reset(token)


def warn_again(warned: Iterable[Warned]) -> None:
    """Give warnings of other processes to this one's filters, which show each once as they do of its own."""
    for each in warned:
        warnings.warn_explicit(each.text, each.category, each.file, each.line, registry=_registry)


def _enter() -> None:
    global _depth
    with _lock:
        if _depth == 0:
            catch: warnings.catch_warnings[Any] = warnings.catch_warnings()
            catch.__enter__()
            warnings.simplefilter("always")
            warnings.showwarning = _keeping(warnings.showwarning)
            _recording.append(catch)
        _depth += 1


def _leave() -> None:
    global _depth
    with _lock:
        _depth -= 1
        if _depth == 0:
            _recording.pop().__exit__(None, None, None)


def _keeping(show: Any) -> Any:
    """What shows a warning, or keeps it where a job runs."""

    def keep(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        found = _lists.get()
        if found is None:
            show(message, category, filename, lineno, file, line)
        else:
            found.append(Warned(str(message), category, filename, lineno))

    return keep
