"""The time axis of a series: times in order, those between them, and those that follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman.data.dates.notation import Notation
from elman.data.steps import DAY, Step, days_of_months, distinct, gaps_of, infer_step, positions
from elman.errors import DataError

_LAST_DAY = 2_932_896  # 9999-12-31, in days since 1970

__all__ = [
    "Step",
    "check_missing",
    "check_order",
    "distinct",
    "extend",
    "extend_all",
    "gaps_of",
    "infer_step",
    "label",
    "labels",
    "positions",
    "without_holes",
]


def check_missing(times: np.ndarray, name: str, rows: np.ndarray | None = None) -> None:
    """Refuse times that are missing.

    Parameters
    ----------
    times : array, shape (n,)
    name : str
        Of their column.
    rows : array of int, optional
        What the user calls the rows; by default they count from 1.

    Raises
    ------
    DataError
        Naming the first such row.
    """
    missing = np.isnat(times) if times.dtype.kind == "M" else np.isnan(times)
    if missing.any():
        row = _row(int(np.argmax(missing)), rows)
        raise DataError(
            f"row {row} has no time in column {name!r}; every row needs one: give it one, or leave the row out"
        )


def check_order(
    times: np.ndarray,
    name: str,
    rows: np.ndarray | None = None,
    written: Callable[[np.ndarray], list[str]] | None = None,
) -> None:
    """Refuse times that are missing, come twice or run backwards.

    Parameters
    ----------
    times : array, shape (n,)
    name : str
        Of their column.
    rows : array of int, optional
        What the user calls the rows; by default they count from 1.
    written : function of ndarray, optional
        Times as texts, for messages.

    Raises
    ------
    DataError
        Naming the first row that is wrong.
    """
    check_missing(times, name, rows)
    written = written or labels
    wrong = np.flatnonzero(times[1:] <= times[:-1])
    if len(wrong) == 0:
        return
    _, first, count = np.unique(times, return_index=True, return_counts=True)
    if (count > 1).any():
        value = times[first[count > 1].min()]
        same = [str(_row(int(r), rows)) for r in np.flatnonzero(times == value)]
        raise DataError(
            f"column {name!r} has the time {written(np.array([value]))[0]} more than once: rows {', '.join(same[:5])}"
            f"{' ...' if len(same) > 5 else ''}. A series has one value at each time: keep one of these rows"
        )
    row = int(wrong[0]) + 1
    before, after = written(times[row - 1 : row + 1])
    raise DataError(
        f"the times in column {name!r} are not in order: row {_row(row, rows)} ({after}) comes after "
        f"row {_row(row - 1, rows)} ({before}). Sort the file by {name!r}, or give --sort (sort=True in Python)"
    )


def _row(index: int, rows: np.ndarray | None) -> int:
    return index + 1 if rows is None else int(rows[index])


def without_holes(times: np.ndarray, step: Step, borders: np.ndarray | None = None) -> np.ndarray:
    """The times, and those that are missing between them; in each series, where there are several."""
    borders = np.array([0, len(times)]) if borders is None else borders
    place = positions(times, step, borders)
    counts = place[borders[1:] - 1] + 1
    place = place + np.repeat(np.cumsum(counts) - counts, np.diff(borders))
    if step.unit in ("months", "weekdays"):
        starts = np.cumsum(counts) - counts
        every = _ahead(
            np.repeat(times[borders[:-1]], counts), step, np.arange(counts.sum()) - np.repeat(starts, counts)
        )
        every[place] = times
        return every
    numbers = times.astype(np.int64) if times.dtype.kind == "M" else times
    found = np.interp(np.arange(place[-1] + 1), place, numbers)
    found = np.rint(found).astype(np.int64).astype(times.dtype) if times.dtype.kind == "M" else found
    found[place] = times
    return found


def extend(last: np.generic, step: Step, count: int) -> np.ndarray:
    """The `count` times that follow `last`.

    Raises
    ------
    DataError
        If they go beyond the year 9999.

    Examples
    --------
    >>> extend(np.datetime64("2001-01-31", "us"), Step("months", 1, day=31), 2).astype("datetime64[D]")
    array(['2001-02-28', '2001-03-31'], dtype='datetime64[D]')
    """
    return extend_all(np.array([last]), step, count)[0]


def extend_all(last: np.ndarray, step: Step, count: int) -> np.ndarray:
    """The `count` times that follow the last one of each series.

    Parameters
    ----------
    last : array, shape (S,)
    step : Step
    count : int
        H.

    Returns
    -------
    ndarray, shape (S, H)

    Raises
    ------
    DataError
        If they go beyond the year 9999.
    """
    if step.unit != "number":
        _check_end(last.max(), step, count)
    return _ahead(last[:, None], step, np.arange(1, count + 1)[None, :])


def _ahead(times: np.ndarray, step: Step, ahead: np.ndarray) -> np.ndarray:
    """Times that are so many steps after others."""
    if step.unit == "number":
        after = times.astype(np.float64) + ahead * step.size
        return after.astype(np.int64) if np.all(after == np.rint(after)) else after
    if step.unit == "time":
        return times + (ahead * int(step.size)).astype("timedelta64[us]")
    day = times.astype("datetime64[D]")
    clock = times - day
    if step.unit == "weekdays":
        return np.busday_offset(day, ahead * int(step.size)).astype("datetime64[us]") + clock
    months = day.astype("datetime64[M]") + ahead * int(step.size)
    return days_of_months(months, step.day, step.roll).astype("datetime64[us]") + clock


def _check_end(last: np.generic, step: Step, count: int) -> None:
    """Refuse times that no calendar writes, before they overflow."""
    days = {"time": step.size / DAY, "months": 30.5 * step.size, "weekdays": 1.4 * step.size}[step.unit]
    end = float(last.astype("datetime64[D]").astype(np.int64)) + count * days  # type: ignore[arg-type]
    if end > _LAST_DAY:
        raise DataError(
            f"{count} times that follow {label(last)}, each {step} after the one before, go beyond the year 9999; "
            "expected fewer"
        )


def labels(times: np.ndarray) -> list[str]:
    """Times as text where nothing is known of how their file writes them."""
    return Notation().labels(times)


def label(time: np.generic) -> str:
    """One time as text."""
    return Notation().label(time)
