"""Rows of many series put in order: one series behind the other, each on a complete grid of the step that all share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.data.names import counted, listed
from elman.data.read_times import Notation
from elman.data.times import Step, gaps_of, infer_step, positions, without_holes
from elman.errors import DataError

COMBINE = (
    "make one value of them, by --combine sum (elman.data.collect(..., combine='sum') in Python), or mean, last ..."
)
KEEP_ONE = f"keep one of these rows, or {COMBINE}"  # where times come twice
_TELLING = 5  # times of a series that tell its own step
_LOOKED_AT = 200  # series whose own steps are looked at


@dataclass(frozen=True)
class Grid:
    """Where each row of a table lies among those of its series.

    Attributes
    ----------
    borders : ndarray of int, shape (S + 1,)
        Of the series on the grid.
    times : ndarray, shape (N,), or None
        Of the grid, missing ones included; None where rows are only counted.
    step : Step or None
        Of all series.
    order : ndarray of int, shape (n,), or None
        The rows in the order of series and times; None where they come in it.
    place : ndarray of int, shape (n,), or None
        On the grid, of each row in that order; None where no row is missing.
    notes : tuple of str
    """

    borders: np.ndarray
    times: np.ndarray | None
    step: Step | None
    order: np.ndarray | None = None
    place: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def lay(self, column: np.ndarray, missing: float) -> np.ndarray:
        """A column (n,) on the grid (N,), with `missing` where there is no row."""
        ordered = column if self.order is None else column[self.order]
        if self.place is None:
            return ordered
        laid = np.full(int(self.borders[-1]), missing, column.dtype)
        laid[self.place] = ordered
        return laid


@dataclass(frozen=True)
class Said:
    """How messages call what came.

    Attributes
    ----------
    names : sequence
        Of the series.
    time : str
        Of the column of times.
    notation : Notation
        How times are written.
    advice : str
        What to do where times come twice.
    indexed : bool
        Whether the times are the index of a pandas object.
    """

    names: Sequence[Any]
    time: str
    notation: Notation
    advice: str = KEEP_ONE
    indexed: bool = False

    @property
    def column(self) -> str:
        """What holds the times, in a message."""
        if not self.indexed:
            return f"column {self.time!r}"
        return "the index" if self.time == "index" else f"the index {self.time!r}"

    def series(self, number: int) -> str:
        """A series in a message."""
        return f"series {self.names[number]!r}"

    def at(self, time: np.generic) -> str:
        """A time in a message."""
        return self.notation.label(time)


def laid_out(codes: np.ndarray, times: np.ndarray | None, said: Said) -> Grid:
    """The grid of rows that are of series `codes` and have times.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Which series each row is of; all of 0 .. S-1 come up.
    times : ndarray, shape (n,), or None
        None missing.
    said : Said

    Raises
    ------
    DataError
        If a series has a time twice, or series have steps of different length.
    """
    order, notes = _order(codes, times)
    codes = codes if order is None else codes[order]
    borders = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(said.names)))])
    if times is None:
        return Grid(borders, None, None, order)
    times = times if order is None else times[order]
    _check_twice(times, borders, said)
    step = infer_step(times, borders)
    if not step.regular:
        _check_alike(times, borders, said)
        return Grid(borders, times, step, order, None, (*notes, *_irregular(times, borders, step, said)))
    place = positions(times, step, borders)
    counts = place[borders[1:] - 1] + 1
    missing = counts - np.diff(borders)
    if not missing.any():
        return Grid(borders, times, step, order, None, notes)
    _check_steps(place, borders, step, said)
    grid = np.concatenate([[0], np.cumsum(counts)])
    place = place + np.repeat(grid[:-1], np.diff(borders))
    return Grid(grid, without_holes(times, step, borders), step, order, place, (*notes, _inserted(missing, step, said)))


def series_of(borders: np.ndarray, row: int) -> int:
    """Which series a row is of."""
    return int(np.searchsorted(borders, row, side="right")) - 1


def _order(codes: np.ndarray, times: np.ndarray | None) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The rows in the order of series and times, None if they come in it, and a note where times ran backwards."""
    order = None if np.all(codes[1:] >= codes[:-1]) else np.argsort(codes, kind="stable")
    if times is None:
        return order, ()
    of, when = (codes, times) if order is None else (codes[order], times[order])
    backwards = (when[1:] < when[:-1]) & (of[1:] == of[:-1])
    if not backwards.any():
        return order, ()
    return np.lexsort((times, codes)), ("the rows were not in the order of their times, and were sorted",)


def _check_twice(times: np.ndarray, borders: np.ndarray, said: Said) -> None:
    same = times[1:] == times[:-1]
    same[borders[1:-1] - 1] = False
    if not same.any():
        return
    row = int(np.argmax(same))
    number = series_of(borders, row)
    count = int(np.sum(times[borders[number] : borders[number + 1]] == times[row]))
    which = f"{said.series(number)} has" if len(said.names) > 1 else f"{said.column} has"
    raise DataError(
        f"{which} the time {said.at(times[row])} {count} times; a series has one value at each time: {said.advice}"
    )


def _irregular(times: np.ndarray, borders: np.ndarray, step: Step, said: Said) -> tuple[str, ...]:
    if step.unit == "weekdays":
        return ("the weekdays without a row are taken as holidays",)
    who = ""
    if len(borders) > 2:
        apart = np.diff(times.astype(np.int64) if times.dtype.kind == "M" else times)
        apart[borders[1:-1] - 1] = step.size
        row = int(np.argmax(np.abs(apart / step.size - np.rint(apart / step.size)) > 0.02))
        who = f", as those of {said.series(series_of(borders, row))} after {said.at(times[row])}"
    return (
        f"the times are not evenly spaced{who}; rows are taken as equal steps, and the forecast's times are "
        f"{step} apart",
    )


def _check_alike(times: np.ndarray, borders: np.ndarray, said: Said) -> None:
    """Refuse irregular times of series that are regular each, such as one of days and one of months."""
    long = np.flatnonzero(np.diff(borders) >= _TELLING)[:_LOOKED_AT].tolist()
    parts = [times[borders[number] : borders[number + 1]] for number in long]
    steps = [infer_step(part) for part in parts]
    if len(long) < 2 or not all(step.regular or step.unit == "weekdays" for step in steps):
        return
    usual = np.array([np.median(np.diff(part).astype(np.float64)) for part in parts])
    least, most = int(np.argmin(usual)), int(np.argmax(usual))
    if usual[most] > 1.5 * usual[least]:
        raise DataError(
            f"{said.series(long[least])} has a value each {steps[least]} and {said.series(long[most])} one each "
            f"{steps[most]}; expected one step for all: give series of one step at a time"
        )


def _inserted(missing: np.ndarray, step: Step, said: Said) -> str:
    lacking = np.flatnonzero(missing).tolist()
    rows = counted(int(missing.sum()), "rows")
    if len(missing) == 1:
        return f"{rows} missing from times that are {step} apart {_were(int(missing.sum()))} inserted without a value"
    names = listed([repr(said.names[i]) for i in lacking], 3)
    return (
        f"{rows} missing from times that are {step} apart {_were(int(missing.sum()))} inserted without a value, in "
        f"{len(lacking)} of {len(missing)} series: {names}"
    )


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _check_steps(place: np.ndarray, borders: np.ndarray, step: Step, said: Said) -> None:
    """Refuse a series of which nearly all rows would be missing, at equal distances: it has a longer step."""
    gaps = gaps_of(place, borders)
    starts = borders[:-1] - np.arange(len(borders) - 1)
    long = np.flatnonzero(np.diff(borders) > 3).tolist()
    for number in long if len(borders) > 2 else ():
        own = gaps[starts[number] : starts[number] + borders[number + 1] - borders[number] - 1]
        if own.min() > 1 and own.max() - own.min() <= 0.12 * own.min():
            raise DataError(
                f"{said.series(number)} has a value every {counted(int(np.median(own)), 'steps')} of {step}, where "
                f"other series have one each {step}; expected one step for all: give series of one step at a time"
            )
