"""Values of many series in any order, and how they become a collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.data.collection import Ahead, Collection, Form
from elman.data.covariates import Covariate
from elman.data.grid import KEEP_ONE, Grid, Said, laid_out, series_of
from elman.data.names import counted, first_of
from elman.data.read_times import Notation, ReadTimes
from elman.data.times import check_missing
from elman.errors import DataError


@dataclass(frozen=True)
class Rows:
    """Values of many series, in any order.

    Attributes
    ----------
    names : tuple, length S
        Of the series.
    codes : ndarray of int, shape (n,)
        Which series each row is of.
    values : ndarray, shape (n,)
        float64, NaN where one is missing.
    times : ReadTimes or None
        None where rows are counted.
    form : Form
    past, future : dict of str to Covariate, (n,)
    notes : tuple of str
    advice : str
        What to do where times come twice.
    """

    names: tuple[Any, ...]
    codes: np.ndarray
    values: np.ndarray
    times: ReadTimes | None
    form: Form
    past: Mapping[str, Covariate] = field(default_factory=dict)
    future: Mapping[str, Covariate] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    advice: str = KEEP_ONE


def collected(rows: Rows, static: Mapping[str, Covariate] | None = None) -> Collection:
    """Rows as a collection: sorted, on one grid, each series from its first value to its last.

    Raises
    ------
    DataError
        Naming the series and the time of what cannot be used.
    """
    if len(rows.values) == 0 or not rows.names:
        raise DataError("the data has no rows; expected a value for each time")
    times, notation = (None, Notation()) if rows.times is None else (rows.times.times, rows.times.notation)
    said = Said(rows.names, str(rows.form.time), notation, rows.advice, rows.form.indexed)
    if times is not None:
        check_missing(times, said.time)
    grid = laid_out(rows.codes, times, said)
    values = grid.lay(rows.values, np.nan)
    _check_finite(values, grid, said)
    first, last, ends, some = _ends(values, grid.borders)
    names, told = _named(rows.names, some, static or {})
    kept = _between(first, last, len(values))
    future = {name: c.with_values(grid.lay(c.values, c.missing)) for name, c in rows.future.items()}
    past = {name: c.with_values(_cut(grid.lay(c.values, c.missing), kept)) for name, c in rows.past.items()}
    notes = (*rows.notes, *(() if rows.times is None else rows.times.notes), *grid.notes)
    return Collection(
        names=names,
        values=_cut(values, kept),
        borders=np.concatenate([[0], np.cumsum(last - first + 1)]),
        times=None if grid.times is None else _whole(_cut(grid.times, kept)),
        step=grid.step,
        past=past,
        future={name: c.with_values(_cut(c.values, kept)) for name, c in future.items()},
        static=told,
        ahead=_behind(future, last, ends) if future else None,
        form=rows.form,
        notation=notation,
        notes=(*notes, *_notes_of_ends(last, ends, names, bool(future)), *_note_of_empty(rows.names, some)),
    )


def _check_finite(values: np.ndarray, grid: Grid, said: Said) -> None:
    wrong = np.isinf(values)
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    number = series_of(grid.borders, row)
    at = f"at {said.at(grid.times[row])}" if grid.times is not None else f"in row {row - grid.borders[number]}"
    raise DataError(
        f"{said.series(number)} is infinite {at} ({wrong.sum()} such values in all); expected finite numbers, or "
        "missing ones where a value is not known"
    )


def _ends(values: np.ndarray, borders: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The first and the last row with a value of each series that has any, the end of its rows, and which ones have."""
    known, place = ~np.isnan(values), np.arange(len(values))
    first = np.minimum.reduceat(np.where(known, place, len(values)), borders[:-1])
    last = np.maximum.reduceat(np.where(known, place, -1), borders[:-1])
    some = last >= 0
    if not some.any():
        raise DataError(f"the data holds no value at all: every one of its {len(values)} rows is empty")
    return first[some], last[some], borders[1:][some], some


def _named(
    names: tuple[Any, ...], some: np.ndarray, static: Mapping[str, Covariate]
) -> tuple[tuple[Any, ...], dict[str, Covariate]]:
    """Names and static covariates of the series that have values."""
    if some.all():
        return tuple(names), dict(static)
    kept = tuple(name for name, has in zip(names, some.tolist(), strict=True) if has)
    return kept, {name: c.with_values(c.values[some]) for name, c in static.items()}


def _note_of_empty(names: tuple[Any, ...], some: np.ndarray) -> tuple[str, ...]:
    empty = [repr(names[i]) for i in np.flatnonzero(~some).tolist()]
    if not empty:
        return ()
    return (f"{len(empty)} of {counted(len(names), 'series')} without any value left out: {first_of(empty)}",)


def _between(first: np.ndarray, last: np.ndarray, rows: int) -> np.ndarray | None:
    """The rows from first to last of each series; None where that is all of them."""
    counts = last - first + 1
    if counts.sum() == rows:
        return None
    ends = np.cumsum(counts)
    return np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)


def _cut(column: np.ndarray, kept: np.ndarray | None) -> np.ndarray:
    return column if kept is None else column[kept]


def _behind(future: Mapping[str, Covariate], last: np.ndarray, ends: np.ndarray) -> Ahead | None:
    """Future covariates behind the last value of each series."""
    counts = ends - 1 - last
    if not counts.any():
        return None
    rows = np.cumsum(counts)
    places = np.arange(rows[-1]) + np.repeat(last + 1 - (rows - counts), counts)
    return Ahead(np.concatenate([[0], rows]), {name: c.with_values(c.values[places]) for name, c in future.items()})


def _notes_of_ends(last: np.ndarray, ends: np.ndarray, names: tuple[Any, ...], known_ahead: bool) -> tuple[str, ...]:
    counts = ends - 1 - last
    later = np.flatnonzero(counts).tolist()
    if not later:
        return ()
    rows, one = counted(int(counts.sum()), "rows"), int(counts.sum()) == 1
    where = f" in {len(later)} of {len(counts)} series ({first_of([repr(names[i]) for i in later], 3)})"
    where = where if len(counts) > 1 else ""
    if known_ahead:
        return (f"{rows} behind the last value{where} {'tells' if one else 'tell'} what is known ahead",)
    left = "was" if one else "were"
    return (f"{rows} without a value at the end{where} {left} left out: a forecast starts behind the last value",)


def _whole(times: np.ndarray) -> np.ndarray:
    """Numbers that are all whole as integers."""
    return times.astype(np.int64) if times.dtype.kind == "f" and np.all(times == np.rint(times)) else times
