"""When the steps of cases were: counted from the start of each, where the steps are not even."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.data.read_times import ReadTimes
from elman.data.steps import DAY, SECOND, Step, gaps_of, infer_step, positions
from elman.errors import DataError

_UNITS = ((DAY, "day"), (3600 * SECOND, "h"), (60 * SECOND, "min"), (SECOND, "s"))


@dataclass(frozen=True)
class Spacing:
    """Times since the start of each case.

    Attributes
    ----------
    times : ndarray, shape (n,), or None
        None where all steps are even: they are counted.
    unit : str
        Of the times, or of `step`.
    step : float
        How far even steps are apart; 0 for others.
    note : str
    """

    times: np.ndarray | None
    unit: str
    step: float
    note: str


def spacing_of(times: np.ndarray, borders: np.ndarray) -> Spacing:
    """How far each step is from the first of its case.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Numbers or datetime64[us], increasing in each case.
    borders : ndarray of int, shape (N + 1,)
        Case n has the times from ``borders[n]`` to ``borders[n + 1]``.
    """
    if len(times) == len(borders) - 1:
        return Spacing(None, "", 0, "each case has one time: it tells nothing")
    step = infer_step(times, borders)
    if step.regular and np.array_equal(positions(times, step, borders), _counts(borders)):
        size, unit = _in_unit(step)
        return Spacing(None, unit, size, f"the times are even, {step} apart: steps are counted")
    since = times - np.repeat(times[borders[:-1]], np.diff(borders))
    note = "the times are not even: they are kept, from the start of each case"
    if times.dtype.kind != "M":
        return Spacing(since.astype(np.float64), "", 0, note)
    apart = since.astype(np.int64)
    size, unit = _unit_of(float(np.median(gaps_of(apart, borders))))
    return Spacing(apart / size, unit, 0, f"{note}, in units of 1 {unit}")


def _unit_of(microseconds: float) -> tuple[float, str]:
    """The largest unit of which that is at least one."""
    return next((pair for pair in _UNITS if microseconds >= pair[0]), _UNITS[-1])


def _in_unit(step: Step) -> tuple[float, str]:
    """How far apart even times are, and in which unit."""
    if step.unit == "time":
        size, unit = _unit_of(step.size)
        return step.size / size, unit
    return step.size, {"number": "", "months": "month", "weekdays": "weekday"}[step.unit]


def _counts(borders: np.ndarray) -> np.ndarray:
    """0, 1, ... in each case."""
    return np.arange(borders[-1]) - np.repeat(borders[:-1], np.diff(borders))


def order_of(codes: np.ndarray, found: ReadTimes | None, names: tuple[object, ...]) -> np.ndarray | None:
    """The rows sorted by case, and by time within each; None where they are.

    Raises
    ------
    DataError
        If a time is missing, or comes twice in a case.
    """
    if found is None:
        return None if np.all(np.diff(codes) >= 0) else np.argsort(codes, kind="stable")
    times = found.times
    missing = np.isnat(times) if times.dtype.kind == "M" else np.isnan(times)
    if missing.any():
        row = int(np.argmax(missing))
        raise DataError(
            f"case {names[codes[row]]!r} has a step without a time (row {row}, counted from 0); give it one"
        )
    same = np.diff(codes) == 0
    if np.all(np.diff(codes) >= 0) and np.all(np.diff(times)[same] > np.zeros(1, np.diff(times[:1]).dtype)):
        return None
    order = np.lexsort((times, codes))
    twice = (np.diff(codes[order]) == 0) & (times[order][1:] == times[order][:-1])
    if twice.any():
        row = order[int(np.argmax(twice))]
        raise DataError(
            f"case {names[codes[row]]!r} has the time {found.notation.label(times[row])} twice; expected one row for "
            "each time: keep one, or name all columns that tell cases apart with group=[...]"
        )
    return order
