"""What the user typed, for what a command leaves behind that says how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_WORDS: ContextVar[tuple[str, ...]] = ContextVar("words", default=())
RESUME = "--resume"  # with which a command goes on; what it writes is what it would have written without


@contextmanager
def typing(words: Sequence[str]) -> Iterator[None]:
    """In this context these words were typed behind ``elman``."""
    before = _WORDS.set(tuple(words))
    try:
        yield
    finally:
        _WORDS.reset(before)


def typed() -> tuple[str, ...]:
    """The words behind ``elman``; none of a call of Python."""
    return _WORDS.get()


def command_line() -> str:
    """What to type to do the same again, quoted for a shell; empty of a call of Python.

    Examples
    --------
    >>> with typing(["forecast", "two words.csv", "--horizon", "3", "--resume"]):
    ...     print(command_line())
    elman forecast 'two words.csv' --horizon 3
    """
    words = [word for word in typed() if word != RESUME]
    return shlex.join(["elman", *words]) if words else ""
