"""The time axis of a series: how its times follow one another, and how they go on.

Times are numbers (rows, years) or `datetime64[us]`. A `Step` says how far apart they are, in a unit that the
calendar knows: a month is not a number of days, and trading days skip weekends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elman.data.dates.notation import Notation
from elman.errors import DataError

Unit = Literal["number", "time", "months", "weekdays"]
_SECOND, _DAY = 1_000_000, 86_400_000_000  # in microseconds


@dataclass(frozen=True)
class Step:
    """How times follow one another.

    Parameters
    ----------
    unit : {"number", "time", "months", "weekdays"}
        What is counted: plain numbers, microseconds, calendar months, or days from Monday to Friday.
    size : float
        So many of them from one time to the next; where the times are irregular, the median.
    regular : bool
        Whether every time is a whole number of steps after the first.
    day : int
        Day of the month that ``months`` keep to; 31 means the last one.
    """

    unit: Unit
    size: float
    regular: bool = True
    day: int = 1

    def __str__(self) -> str:
        number = f"{self.size:g}"
        if self.unit == "time":
            return _duration(int(self.size))
        if self.unit == "months":
            return f"{self.size / 12:g} years" if self.size % 12 == 0 else f"{number} months"
        return f"{number} weekdays" if self.unit == "weekdays" else number


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
        raise DataError(f"row {row} has no time in column {name!r}; every row needs one")


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
        same = [str(_row(r, rows)) for r in np.flatnonzero(times == value)]
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


def infer_step(times: np.ndarray) -> Step:
    """How far apart the times are.

    Months (and with them quarters and years) are recognised by a day of the month that stays the same, weekdays by
    the absence of weekends, all else by equal distances. A few missing rows do not make times irregular.

    Parameters
    ----------
    times : array, shape (n,)
        Increasing.

    Examples
    --------
    >>> str(infer_step(np.array(["2001-01-31", "2001-02-28", "2001-03-31"], "datetime64[us]")))
    '1 months'
    """
    if times.dtype.kind != "M":
        return _fixed("number", times.astype(np.float64))
    months = _months(times)
    if months is not None:
        return months
    fixed = _fixed("time", times.astype(np.int64))
    weekdays = _weekdays(times)
    # trading days on a grid of days lack every weekend: take the reading that lacks fewer rows
    if weekdays is not None and (not fixed.regular or positions(times, weekdays)[-1] < positions(times, fixed)[-1]):
        return weekdays
    return fixed


def positions(times: np.ndarray, step: Step) -> np.ndarray:
    """Steps from the first time to each; ``0 .. n-1`` where no row is missing, or the times are irregular."""
    if not step.regular:
        return np.arange(len(times))
    steps = np.rint(np.diff(_ordinals(times, step.unit)) / step.size).astype(np.int64)
    return np.concatenate([[0], np.cumsum(steps)])  # step by step, so that a clock that drifts loses no row


def without_holes(times: np.ndarray, step: Step) -> np.ndarray:
    """The times, and those that are missing between them."""
    place = positions(times, step)
    if step.unit in ("months", "weekdays"):
        return np.concatenate([times[:1], extend(times[0], step, int(place[-1]))])
    numbers = times.astype(np.int64) if times.dtype.kind == "M" else times
    found = np.interp(np.arange(place[-1] + 1), place, numbers)
    found = np.rint(found).astype(np.int64).astype(times.dtype) if times.dtype.kind == "M" else found
    found[place] = times
    return found


def extend(last: np.generic, step: Step, count: int) -> np.ndarray:
    """The `count` times that follow `last`.

    Examples
    --------
    >>> extend(np.datetime64("2001-01-31", "us"), Step("months", 1, day=31), 2).astype("datetime64[D]")
    array(['2001-02-28', '2001-03-31'], dtype='datetime64[D]')
    """
    ahead = np.arange(1, count + 1)
    if step.unit == "number":
        after = float(last) + ahead * step.size  # type: ignore[arg-type]
        return after.astype(np.int64) if np.all(after == np.rint(after)) else after
    if step.unit == "time":
        return last + (ahead * int(step.size)).astype("timedelta64[us]")
    day = last.astype("datetime64[D]")
    clock = last - day
    if step.unit == "weekdays":
        return np.busday_offset(day, ahead * int(step.size)).astype("datetime64[us]") + clock
    return (
        _days_of_months(day.astype("datetime64[M]") + ahead * int(step.size), step.day).astype("datetime64[us]") + clock
    )


def labels(times: np.ndarray) -> list[str]:
    """Times as text where nothing is known of how their file writes them."""
    return Notation().labels(times)


def label(time: np.generic) -> str:
    """One time as text."""
    return Notation().label(time)


def _fixed(unit: Unit, ordinals: np.ndarray) -> Step:
    """Equal distances, some rows perhaps missing."""
    if len(ordinals) < 2:
        return Step(unit, 1 if unit == "number" else _DAY)
    distance = np.diff(ordinals)
    step = float(np.median(distance))
    steps = distance / step
    whole = np.maximum(np.rint(steps), 1)
    # decimal years are rounded and clocks drift, each step a little; few rows may be missing, not most
    near = np.abs(steps - np.rint(steps)) < np.minimum(0.02 * whole, 0.25)
    regular = bool(np.all(near) and steps.min() > 0.5 and steps.sum() < 2 * len(ordinals))
    if regular:  # the mean, so that rounding or jitter of single times does not add up over the series
        step = float((ordinals[-1] - ordinals[0]) / np.rint(steps).sum())
        step = float(np.rint(step)) if unit != "number" or abs(step - np.rint(step)) < 1e-9 else step
    return Step(unit, step, regular)


def _months(times: np.ndarray) -> Step | None:
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    anchor = int(of_month.max())
    same_clock = len(np.unique(times - days)) == 1
    if len(times) < 2 or not same_clock or np.any(days != _days_of_months(months, anchor)):
        return None
    step = _fixed("months", months.astype(np.int64))
    return Step("months", step.size, True, anchor) if step.regular else None


def _days_of_months(months: np.ndarray, day: int) -> np.ndarray:
    """That day of each month, or its last one where the month is shorter."""
    first = months.astype("datetime64[D]")
    last = (months + 1).astype("datetime64[D]") - 1
    return np.minimum(first + (day - 1), last)


def _weekdays(times: np.ndarray) -> Step | None:
    days = times.astype("datetime64[D]")
    if len(times) < 6 or len(np.unique(times - days)) > 1 or not np.is_busday(days).all():
        return None
    step = _fixed("weekdays", _ordinals(times, "weekdays"))
    return step if step.regular else None


def _ordinals(times: np.ndarray, unit: Unit) -> np.ndarray:
    """Times as numbers in which a step is always the same."""
    if unit == "months":
        return times.astype("datetime64[M]").astype(np.int64)
    if unit == "weekdays":
        days = times.astype("datetime64[D]")
        return np.busday_count(days[0], days)
    return times.astype(np.int64 if unit == "time" else np.float64)


def _duration(microseconds: int) -> str:
    for size, name in ((_DAY, "days"), (3600 * _SECOND, "hours"), (60 * _SECOND, "minutes"), (_SECOND, "seconds")):
        if microseconds % size == 0:
            return f"{microseconds // size} {name}"
    return f"{microseconds / _SECOND:g} seconds"
