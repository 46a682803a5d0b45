"""Rows of one series whose times repeat, such as several sales a day, made one value for each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from elman.checks import nearest, shown
from elman.data.covariates import UNSEEN, Covariate
from elman.data.names import counted
from elman.data.rows import Rows
from elman.data.times import check_missing
from elman.errors import DataError, OptionError


def _sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    known = np.add.reduceat(~np.isnan(values), starts, dtype=np.int64)
    return np.where(known > 0, np.add.reduceat(np.where(np.isnan(values), 0, values), starts), np.nan)


def _means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    known = np.add.reduceat(~np.isnan(values), starts, dtype=np.int64)
    return _sums(values, starts) / np.maximum(known, 1)


def _firsts(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    place = np.minimum.reduceat(np.where(np.isnan(values), len(values), np.arange(len(values))), starts)
    return np.append(values, np.nan)[place]


def _lasts(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    return values[
        np.maximum.reduceat(
            np.where(np.isnan(values), starts.repeat(_sizes(starts, len(values))), np.arange(len(values))), starts
        )
    ]


WAYS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "sum": _sums,
    "mean": _means,
    "first": _firsts,
    "last": _lasts,
    "min": np.fmin.reduceat,
    "max": np.fmax.reduceat,
}


def check_way(way: Any) -> None:
    """Refuse what is no way to combine values.

    Raises
    ------
    OptionError
    """
    if way is not None and (not isinstance(way, str) or way not in WAYS):
        raise OptionError(f"combine is {shown(way)}{nearest(way, WAYS)}; expected one of {', '.join(WAYS)}, or None")


def combined(rows: Rows, way: str | None) -> Rows:
    """Rows of which those of one series and time are one.

    Parameters
    ----------
    rows : Rows
    way : {"sum", "mean", "first", "last", "min", "max"}, optional
        What becomes of the values that are there; a time without any has none. Covariates of numbers become their
        mean. By default rows stay as they are.

    Raises
    ------
    OptionError
        If there are no times.
    DataError
        If a covariate has several categories at one time, or a sum is too large for a number.
    """
    if way is None:
        return rows
    if rows.times is None:
        raise OptionError(
            f"combine={way!r} is for times that repeat, and the data has no times; leave it out, or name "
            "their column with time="
        )
    times = rows.times.times
    check_missing(times, str(rows.form.time))
    order = np.lexsort((times, rows.codes))
    same = (np.diff(rows.codes[order]) == 0) & (times[order][1:] == times[order][:-1])
    if not same.any():
        return replace(rows, notes=(*rows.notes, f"no time of a series comes twice, and combine={way!r} did nothing"))
    starts = np.concatenate([[0], np.flatnonzero(~same) + 1])
    back = np.argsort(order[starts])  # in the order in which they came
    first = order[starts][back]
    past, told = _covariates(rows, rows.past, order, starts)
    future, more = _covariates(rows, rows.future, order, starts)
    several = _sizes(starts, len(order)) > 1
    count = int(np.add.reduceat(~np.isnan(rows.values[order]), starts, dtype=np.int64)[several].sum())
    note = f"{counted(count, 'values')} whose times repeat were combined into {int(several.sum())}, of each the {way}"
    with np.errstate(over="ignore"):
        values = WAYS[way](rows.values[order], starts)[back]
    if np.isinf(values).any():
        label = rows.times.notation.label(times[first[np.argmax(np.isinf(values))]])
        raise DataError(f"the {way} of what comes at {label} leaves what numbers can hold; give it in a larger unit")
    return replace(
        rows,
        codes=rows.codes[first],
        values=values,
        times=replace(rows.times, times=times[first]),
        past={name: c.with_values(c.values[back]) for name, c in past.items()},
        future={name: c.with_values(c.values[back]) for name, c in future.items()},
        notes=(*rows.notes, note, *told, *more),
    )


def _sizes(starts: np.ndarray, count: int) -> np.ndarray:
    """How many rows each time has."""
    return np.diff(np.append(starts, count))


def _covariates(
    rows: Rows, covariates: Mapping[str, Covariate], order: np.ndarray, starts: np.ndarray
) -> tuple[dict[str, Covariate], list[str]]:
    """Covariates of one value for each time, and notes on those that differed there."""
    found, notes = {}, []
    for name, covariate in covariates.items():
        values = covariate.values[order]
        if covariate.categories is not None:
            found[name] = covariate.with_values(_category(rows, name, values, order, starts))
            continue
        differs = int(np.sum(np.fmin.reduceat(values, starts) < np.fmax.reduceat(values, starts)))
        found[name] = covariate.with_values(_means(values, starts))
        if differs:
            notes.append(f"the covariate {name!r} differs among rows of {counted(differs, 'times')}: its mean is taken")
    return found, notes


def _category(rows: Rows, name: str, codes: np.ndarray, order: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The category of each time."""
    largest = np.maximum.reduceat(codes, starts)
    least = np.minimum.reduceat(np.where(codes == UNSEEN, largest.repeat(_sizes(starts, len(codes))), codes), starts)
    if (least == largest).all():
        return largest
    assert rows.times is not None
    row = order[starts[int(np.argmax(least != largest))]]
    raise DataError(
        f"the covariate {name!r} has several categories of series {rows.names[rows.codes[row]]!r} at "
        f"{rows.times.notation.label(rows.times.times[row])}; rows that are combined need one: leave it out, or make "
        "numbers of it"
    )
