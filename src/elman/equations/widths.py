"""Widths of vectors: unknown while equations run, tied by what these say, solved (`solving`) for a layer's sizes."""

from __future__ import annotations

import itertools
import linecache
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_NOT_THE_USERS = (
    os.path.join(_PACKAGE, "equations"),
    os.path.join(_PACKAGE, "network"),
    os.path.join(_PACKAGE, "hints.py"),
    os.path.dirname(np.__file__),
    "<__array_function__",
)


@dataclass(eq=False)
class Dim:
    """The width of a vector: a number once it is known."""

    name: str = ""
    value: int | None = None


ONE = Dim("1", 1)  # the width of a sum over features; the only width that broadcasts


@dataclass
class Line:
    """A line of the user's code."""

    file: str = ""
    number: int = 0

    def __str__(self) -> str:
        source = linecache.getline(self.file, self.number).strip()
        place = f"{os.path.basename(self.file)}:{self.number}" if self.file else "?"
        return f"{place}: {source}" if source else place


@dataclass
class TextLine(Line):
    """A line of a text of equations."""

    text: str = ""

    def __str__(self) -> str:
        return f"line {self.number}: {self.text.strip()}"


def is_the_users(file: str) -> bool:
    """Whether code lies outside these equations, networks and NumPy."""
    return not file.startswith(_NOT_THE_USERS)


def users_line() -> Line:
    """The line of the user's code that is running now: outside these equations and NumPy, or of a text that is read."""
    if _running.lines:
        return _running.lines[-1]
    frame = sys._getframe(1)
    while frame is not None and not is_the_users(frame.f_code.co_filename):
        frame = frame.f_back  # type: ignore[assignment]
    return Line(frame.f_code.co_filename, frame.f_lineno) if frame else Line()


What = str | Callable[[], str]  # says a relation, or writes it if need be, for an expression may be long


@dataclass
class Equal:
    """Two widths that the equations say are the same, and where they say it."""

    left: Dim
    right: Dim
    what: What
    line: Line


@dataclass
class Total:
    """A width that is the sum of others, and `more`."""

    whole: Dim
    parts: tuple[Dim, ...]
    more: int
    what: What
    line: Line


@dataclass
class Times:
    """A width that is the product of two others: that of a matrix which is one vector."""

    whole: Dim
    parts: tuple[Dim, Dim]
    what: What
    line: Line


@dataclass
class AtLeast:
    """A width that must not be below a number."""

    dim: Dim
    number: int
    what: What
    line: Line


Relation = Equal | Total | Times | AtLeast


@dataclass
class Recorder:
    """What one trace collects."""

    relations: list[Relation] = field(default_factory=list)
    dropouts: Iterator[int] = field(default_factory=itertools.count)
    constants: list[Any] = field(default_factory=list)  # symbols
    ranges: list[Any] = field(default_factory=list)  # symbols, and what values they may have


class _Running(threading.local):
    """The traces that run in this thread, one inside the other."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []
        self.lines: list[Line] = []  # of texts of equations, while they are run


_running = _Running()


@contextmanager
def recording() -> Iterator[Recorder]:
    """Collect what the equations that run inside, in this thread, say about widths."""
    recorders = _running.recorders
    recorders.append(Recorder())
    try:
        yield recorders[-1]
    finally:
        recorders.pop()


@contextmanager
def standing_at(line: Line) -> Iterator[None]:
    """Let a line of a text be the user's one for what runs inside, in this thread."""
    _running.lines.append(line)
    try:
        yield
    finally:
        _running.lines.pop()


def constants() -> list[Any]:
    """Those of this trace so far."""
    return _running.recorders[-1].constants


def ranges() -> list[Any]:
    """What values this trace has said that inputs may have, so far."""
    return _running.recorders[-1].ranges


def is_recording() -> bool:
    """Whether equations are being traced in this thread."""
    return bool(_running.recorders)


def must_equal(left: Dim, right: Dim, what: What, line: Line | None = None) -> None:
    """Say that two widths are the same."""
    if left is not right:
        _say(lambda: Equal(left, right, what, line or users_line()))


def must_add_up(whole: Dim, parts: tuple[Dim, ...], more: int, what: What) -> None:
    """Say that a width is the sum of others, and `more`."""
    _say(lambda: Total(whole, parts, more, what, users_line()))


def must_multiply_to(whole: Dim, parts: tuple[Dim, Dim], what: What) -> None:
    """Say that a width is the product of two others."""
    _say(lambda: Times(whole, parts, what, users_line()))


def must_be_at_least(dim: Dim, number: int, what: What) -> None:
    """Say that a width is not below a number."""
    _say(lambda: AtLeast(dim, number, what, users_line()))


def _say(relation: Callable[[], Relation]) -> None:
    if is_recording():
        _running.recorders[-1].relations.append(relation())


def next_dropout() -> int:
    """The number of the next dropout in this trace."""
    return next(_running.recorders[-1].dropouts) if is_recording() else 0
