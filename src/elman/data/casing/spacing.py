"""When the steps of cases were: counted from the start of each, where the steps are not even."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.data.read_times import ReadTimes
from elman.data.steps import DAY, SECOND, gaps_of, infer_step, positions
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
        Of the times.
    note : str
    """

    times: np.ndarray | None
    unit: str
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
    step = infer_step(times, borders)
    if step.regular and np.array_equal(positions(times, step, borders), _counts(borders)):
        return Spacing(None, "", f"the times are even, {step} apart: steps are counted")
    since = times - np.repeat(times[borders[:-1]], np.diff(borders))
    if times.dtype.kind != "M":
        return Spacing(
            since.astype(np.float64), "", "the times are not even: they are kept, from the start of each case"
        )
    apart = since.astype(np.int64)
    usual = float(np.median(gaps_of(apart, borders)))
    size, unit = next((pair for pair in _UNITS if usual >= pair[0]), _UNITS[-1])
    return Spacing(
        apart / size, unit, f"the times are not even: they are kept, from the start of each case, in units of 1 {unit}"
    )


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
