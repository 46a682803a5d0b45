"""Widths of vectors: unknown while equations run, tied by what the equations say, solved when a layer has its sizes."""

from __future__ import annotations

import itertools
import linecache
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from elman.errors import ShapeError

_NOT_THE_USERS = (os.path.dirname(os.path.abspath(__file__)), os.path.dirname(np.__file__), "<__array_function__")


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


def users_line() -> Line:
    """The line of the user's code that is running now: outside these equations and NumPy."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        frame = frame.f_back  # type: ignore[assignment]
    return Line(frame.f_code.co_filename, frame.f_lineno) if frame else Line()


@dataclass
class Equal:
    """Two widths that the equations say are the same, and where they say it."""

    left: Dim
    right: Dim
    what: str | Callable[[], str]
    line: Line


@dataclass
class Recorder:
    """What one trace collects."""

    equal: list[Equal] = field(default_factory=list)
    dropouts: Iterator[int] = field(default_factory=itertools.count)


class _Running(threading.local):
    """The traces that run in this thread, one inside the other."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []


_running = _Running()


@contextmanager
def recording() -> Iterator[Recorder]:
    """Collect the widths' equalities of the equations that run inside, in this thread."""
    recorders = _running.recorders
    recorders.append(Recorder())
    try:
        yield recorders[-1]
    finally:
        recorders.pop()


def is_recording() -> bool:
    """Whether equations are being traced in this thread."""
    return bool(_running.recorders)


def must_equal(left: Dim, right: Dim, what: str | Callable[[], str], line: Line | None = None) -> None:
    """Say that two widths are the same; `what` says so, or writes it if need be, for an expression may be long."""
    if left is not right and is_recording():
        _running.recorders[-1].equal.append(Equal(left, right, what, line or users_line()))


def next_dropout() -> int:
    """The number of the next dropout in this trace."""
    return next(_running.recorders[-1].dropouts) if is_recording() else 0


def solve(equalities: list[Equal], known: list[tuple[Dim, int, str]]) -> None:
    """Give every width its number, from the `known` ones and the equalities.

    Raises `ShapeError` at the first equality that cannot hold, with the user's line.
    """
    parent: dict[Dim, Dim] = {}
    value: dict[Dim, tuple[int, str]] = {ONE: (1, "one value for each row")}
    value.update({dim: (number, said) for dim, number, said in known})

    def root(dim: Dim) -> Dim:
        while dim in parent:
            dim = parent[dim]
        return dim

    for e in equalities:
        left, right = root(e.left), root(e.right)
        if left is right:
            continue
        if left in value and right in value and value[left][0] != value[right][0]:
            what = e.what if isinstance(e.what, str) else e.what()
            raise ShapeError(
                f"sizes do not match in {what}: {value[left][0]} ({value[left][1]}) "
                f"against {value[right][0]} ({value[right][1]})\n  {e.line}"
            )
        keep, drop = (left, right) if left in value or right not in value else (right, left)
        parent[drop] = keep
    for dim in {d for e in equalities for d in (e.left, e.right)} | {k[0] for k in known}:
        if dim is not ONE:
            dim.value = value.get(root(dim), (None, ""))[0]
    for dim in list(parent):  # unsolved widths that are the same share one stand-in
        if dim.value is None:
            dim.name = root(dim).name or dim.name
