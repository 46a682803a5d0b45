"""How times follow one another: numbers at equal distances, hours, months, weekdays.

Times are numbers (rows, years) or `datetime64[us]`. A `Step` says how far apart they are, in a unit that the
calendar knows: a month is not a number of days, and trading days skip weekends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from elman.data.names import counted

Unit = Literal["number", "time", "months", "weekdays"]
Roll = Literal["", "backward", "forward"]
SECOND, DAY = 1_000_000, 86_400_000_000  # in microseconds
_FEWEST = 6  # times that show a pattern of weekdays
_HOLIDAYS = 5  # days that holidays may move the end of a month
_SPARSE = 10  # times as many steps as rows, of many series that leave out days without a value
_ENDS: tuple[tuple[int, Roll], ...] = ((31, "backward"), (1, "forward"))


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
    roll : {"", "backward", "forward"}
        Where ``months`` keep to weekdays: the way to the nearest one from a day of the month at a weekend.
    """

    unit: Unit
    size: float
    regular: bool = True
    day: int = 1
    roll: Roll = ""

    def __str__(self) -> str:
        if self.unit == "time":
            return _duration(int(self.size))
        if self.unit == "months":
            return counted(self.size / 12, "years") if self.size % 12 == 0 else counted(self.size, "months")
        return counted(self.size, "weekdays") if self.unit == "weekdays" else f"{self.size:g}"


def infer_step(times: np.ndarray, borders: np.ndarray | None = None) -> Step:
    """How far apart the times are.

    Months (and with them quarters and years) are recognised by a day of the month that stays the same, or by the last
    or first weekday of the month, give or take holidays; weekdays by the absence of weekends, all else by equal
    distances. A few missing rows do not make times irregular; on weekdays without New Year's Day or Christmas they are
    holidays, not missing: such times are irregular, and go on by weekdays.

    Of several series one step is found that all of them follow, each from its own start. They may leave out more days
    than they have, as sales do that are recorded where there are some: others show which step is meant.

    Parameters
    ----------
    times : array, shape (n,)
        Increasing, in each series.
    borders : array of int, shape (S + 1,), optional
        Series s has the times from ``borders[s]`` to ``borders[s + 1]``; by default all are of one.

    Examples
    --------
    >>> str(infer_step(np.array(["2001-01-31", "2001-02-28", "2001-03-31"], "datetime64[us]")))
    '1 month'
    """
    borders = _whole_of(times) if borders is None else borders
    if times.dtype.kind != "M":
        return _fixed("number", times.astype(np.float64), borders)
    months = _months(times, borders) or _months_of_weekdays(times, borders)
    if months is not None:
        return months
    fixed = _fixed("time", times.astype(np.int64), borders)
    weekdays = _weekdays(times, borders)
    # trading days on a grid of days lack every weekend: take the reading that lacks fewer rows
    if weekdays is not None and (not fixed.regular or _longer(times, fixed, weekdays, borders)):
        return replace(weekdays, regular=False) if _keeps_holidays(times, weekdays, borders) else weekdays
    return fixed


def positions(times: np.ndarray, step: Step, borders: np.ndarray | None = None) -> np.ndarray:
    """Steps from a series' first time to each; ``0 .. n-1`` where no row is missing, or the times are irregular."""
    borders = _whole_of(times) if borders is None else borders
    if not step.regular:
        return np.arange(len(times)) - np.repeat(borders[:-1], np.diff(borders))
    steps = np.rint(np.diff(_ordinals(times, step.unit), prepend=0) / step.size).astype(np.int64)
    steps[borders[:-1]] = 0
    count = np.cumsum(steps)  # step by step, so that a clock that drifts loses no row
    return count - np.repeat(count[borders[:-1]], np.diff(borders))


def gaps_of(numbers: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """What is between neighbours, within each series."""
    apart = np.diff(numbers)
    inside = np.ones(len(apart), bool)
    inside[borders[1:-1] - 1] = False
    return apart[inside]


def _whole_of(times: np.ndarray) -> np.ndarray:
    return np.array([0, len(times)])


def _longer(times: np.ndarray, one: Step, other: Step, borders: np.ndarray) -> bool:
    """Whether series are longer in steps of one than of the other."""
    ends = borders[1:] - 1
    return int(positions(times, one, borders)[ends].sum()) > int(positions(times, other, borders)[ends].sum())


def distinct(times: np.ndarray) -> np.ndarray:
    """Those times that there are, in order, each once."""
    known = np.sort(times[~np.isnat(times)] if times.dtype.kind == "M" else times[~np.isnan(times)])
    return known[np.append(True, known[1:] != known[:-1])] if len(known) else known


def _fixed(unit: Unit, ordinals: np.ndarray, borders: np.ndarray) -> Step:
    """Equal distances, some rows perhaps missing."""
    distance = gaps_of(ordinals, borders)
    if len(distance) == 0:
        return Step(unit, 1 if unit == "number" else DAY)
    step = float(np.median(distance))
    regular = _is_even(unit, ordinals, borders, step, 2)
    if not regular and len(borders) > 2:  # the usual distance of many series may be that of sparse ones
        least = float(distance.min())
        regular = _is_even(unit, ordinals, borders, least, _SPARSE if unit != "time" or least >= DAY else 2)
        step = least if regular else step
    if regular:  # the mean, so that rounding or jitter of single times does not add up over the series
        step = _mean(unit, ordinals, borders, step)
    return Step(unit, step, regular)


def _is_even(unit: Unit, ordinals: np.ndarray, borders: np.ndarray, step: float, most: float) -> bool:
    """Whether all distances are whole steps, and these at most so many times as many as there are rows."""
    steps = gaps_of(ordinals, borders) / step if step > 0 else np.zeros(1)
    if steps.min() <= 0.5 or steps.sum() >= most * len(ordinals):
        return False
    whole = np.maximum(np.rint(steps), 1)
    # decimal years are rounded and clocks drift, each step a little; few rows may be missing, not most
    near = np.abs(steps - np.rint(steps)) < np.minimum(0.02 * whole, 0.25)
    return bool(np.all(near)) or (unit == "number" and _all_rounded(ordinals, whole, borders))


def _mean(unit: Unit, ordinals: np.ndarray, borders: np.ndarray, step: float) -> float:
    """The mean step: whole where it counts something, and a twelfth, a quarter or the like where rounded numbers come
    near it."""
    distance = gaps_of(ordinals, borders)
    count = float(np.rint(distance / step).sum())
    mean = float((ordinals[borders[1:] - 1] - ordinals[borders[:-1]]).sum() / count)
    if unit != "number" or abs(mean - np.rint(mean)) < 1e-9:
        return float(np.rint(mean))
    part = float(1 / max(np.rint(1 / mean), 1))
    exact = np.allclose(distance / mean, np.rint(distance / mean), rtol=0, atol=1e-6)
    return part if abs(part - mean) * count < (1e-3 if exact else 0.1) * mean else mean


def _all_rounded(numbers: np.ndarray, steps: np.ndarray, borders: np.ndarray) -> bool:
    starts = borders - np.arange(len(borders))  # each series has a step less than numbers
    parts = zip(borders, borders[1:], starts, starts[1:], strict=False)
    return all(_rounded(numbers[a:b], steps[c:d]) for a, b, c, d in parts if d > c)


def _rounded(numbers: np.ndarray, steps: np.ndarray) -> bool:
    """Whether numbers follow a straight line but for the last of their few digits, as 1959.08, 1959.17, 1959.25 do."""
    count = np.concatenate([[0], np.cumsum(steps)])
    size = (numbers[-1] - numbers[0]) / count[-1]
    digit = next((10.0**-k for k in range(1, 5) if np.allclose(np.round(numbers, k), numbers, rtol=0, atol=1e-9)), 0.0)
    off = numbers - numbers[0] - size * count
    return bool(digit < 0.25 * size and np.ptp(off) <= 1.5 * digit)


def _same_clock(times: np.ndarray, borders: np.ndarray) -> bool:
    """Whether each series has one time of the day."""
    clock = times - times.astype("datetime64[D]")
    return bool(np.all(clock == np.repeat(clock[borders[:-1]], np.diff(borders))))


def _months(times: np.ndarray, borders: np.ndarray) -> Step | None:
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    anchor = int(of_month.max())
    if len(times) < len(borders) or not _same_clock(times, borders):  # no two times of one series
        return None
    if np.any(days != days_of_months(months, anchor)):
        return None
    step = _fixed("months", months.astype(np.int64), borders)
    return Step("months", step.size, True, anchor) if step.regular else None


def _months_of_weekdays(times: np.ndarray, borders: np.ndarray) -> Step | None:
    """Once a month at its last weekday or its first, or up to some days within it where those are holidays."""
    days = times.astype("datetime64[D]")
    if not _on_weekdays(times, borders):
        return None
    months = days.astype("datetime64[M]")
    if np.any(gaps_of(months.astype(np.int64), borders) <= 0):
        return None
    step = _fixed("months", months.astype(np.int64), borders)
    if not step.regular:
        return None
    for day, roll in _ENDS:
        within = np.abs((days - days_of_months(months, day, roll)).astype(np.int64))
        if within.max() <= _HOLIDAYS and np.mean(within == 0) > 0.5:
            return Step("months", step.size, True, day, roll)
    return None


def days_of_months(months: np.ndarray, day: int, roll: Roll = "") -> np.ndarray:
    """That day of each month, or its last one where the month is shorter; the nearest weekday in a direction."""
    first = months.astype("datetime64[D]")
    last = (months + 1).astype("datetime64[D]") - 1
    days = np.minimum(first + (day - 1), last)
    return np.busday_offset(days, 0, roll=roll) if roll else days


def _weekdays(times: np.ndarray, borders: np.ndarray) -> Step | None:
    if not _on_weekdays(times, borders):
        return None
    step = _fixed("weekdays", _ordinals(times, "weekdays"), borders)
    return step if step.regular else None


def _on_weekdays(times: np.ndarray, borders: np.ndarray) -> bool:
    """Whether no time is at a weekend, of enough to show it."""
    if len(times) < len(borders) or not _same_clock(times, borders):
        return False
    days = distinct(times.astype("datetime64[D]"))
    return len(days) >= _FEWEST and bool(np.is_busday(days).all())


def _keeps_holidays(times: np.ndarray, step: Step, borders: np.ndarray) -> bool:
    """Whether weekdays lack every New Year's Day, or every Christmas, that fell on one, and only few days else."""
    if step.size != 1 or (positions(times, step, borders)[borders[1:] - 1] + 1).sum() > 1.08 * len(times):
        return False
    days = distinct(times.astype("datetime64[D]"))
    starts, ends = times[borders[:-1]], times[borders[1:] - 1]
    years = np.arange(days[0].astype("datetime64[Y]"), days[-1].astype("datetime64[Y]") + 1).astype("datetime64[D]")
    for feast in (years, years + np.timedelta64(358, "D") + _leap(years)):
        within = ((feast[:, None] > starts) & (feast[:, None] < ends)).any(axis=1)
        due = feast[within & np.is_busday(feast)]
        if len(due) and not np.isin(due, days).any():
            return True
    return False


def _leap(years: np.ndarray) -> np.ndarray:
    """A day where the year has 366."""
    after = (years.astype("datetime64[Y]") + 1).astype("datetime64[D]")
    return after - years - np.timedelta64(365, "D")


def _ordinals(times: np.ndarray, unit: Unit) -> np.ndarray:
    """Times as numbers in which a step is always the same."""
    if unit == "months":
        return times.astype("datetime64[M]").astype(np.int64)
    if unit == "weekdays":
        days = times.astype("datetime64[D]")
        return np.busday_count(days[0], days)
    return times.astype(np.int64 if unit == "time" else np.float64)


def _duration(microseconds: int) -> str:
    for size, name in ((DAY, "days"), (3600 * SECOND, "hours"), (60 * SECOND, "minutes"), (SECOND, "seconds")):
        if microseconds % size == 0:
            return counted(microseconds // size, name)
    return counted(microseconds / SECOND, "seconds")
