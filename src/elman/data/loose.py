"""Arrays, and lists and dicts of them, as rows of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from elman.data.collection import Form
from elman.data.index_times import index_times
from elman.data.names import counted
from elman.data.pandas_index import is_column
from elman.data.read_times import ReadTimes
from elman.data.rows import Rows
from elman.data.series import Series
from elman.data.values import numbers_of
from elman.errors import DataError


def rows_of_series(series: Series) -> Rows:
    """One series that was read."""
    form = Form("column", time=series.time, target=series.target, stamps="texts")
    codes = np.zeros(len(series), np.int64)
    times = ReadTimes(series.times, series.notation)
    return Rows((series.name,), codes, series.values, times, form, notes=series.notes)


def rows_of_arrays(data: Any) -> Rows:
    """One array, a list or dict of arrays and columns, or an array (S, n) of series.

    Raises
    ------
    DataError
        If something holds no numbers, or is of more than one axis.
    """
    if isinstance(data, Mapping):
        return _of_many(tuple(data), list(data.values()), Form("mapping"))
    if isinstance(data, list | tuple) and data and any(map(_is_series, data)):
        return _of_many(_names(data), list(data), Form("arrays"))
    values = numbers_of(data, "the series")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and 0 not in values.shape:
        rows, length = values.shape
        note = (
            f"an array of shape ({rows}, {length}) is {counted(rows, 'series')} of "
            f"{counted(length, 'values')}, a row each; give its transpose if the columns are series"
        )
        codes = np.repeat(np.arange(rows), length)
        return Rows(tuple(range(rows)), codes, values.ravel(), None, Form("arrays"), notes=(note,))
    if values.ndim != 1 or len(values) == 0:
        raise DataError(
            f"the series has shape {values.shape}; expected (n,) for one, (S, n) for S series of one length, or a list "
            "of arrays (n,)"
        )
    return Rows((0,), np.zeros(len(values), np.int64), values, None, Form("array"))


def _is_series(item: Any) -> bool:
    return isinstance(item, Series | list | tuple | np.ndarray) and np.ndim(_bare(item)) > 0 or is_column(item)


def _bare(item: Any) -> Any:
    return item.values if isinstance(item, Series) else [0] if isinstance(item, list | tuple) else item


def _names(items: Sequence[Any]) -> tuple[Any, ...]:
    """What the series call themselves, if all do, each otherwise; else their numbers."""
    names = [getattr(item, "name", None) for item in items]
    different = all(isinstance(n, str | int | tuple) and n != "" for n in names) and len(set(names)) == len(names)
    return tuple(names) if different else tuple(range(len(items)))


def _of_many(names: tuple[Any, ...], items: list[Any], form: Form) -> Rows:
    if not items:
        raise DataError("there is no series in the data; expected at least one")
    values = [_values(item, f"series {name!r}") for name, item in zip(names, items, strict=True)]
    times = _times([_times_of(item) for item in items], names)
    codes = np.repeat(np.arange(len(names)), [len(v) for v in values])
    return Rows(names, codes, np.concatenate(values), times, form)


def _values(item: Any, what: str) -> np.ndarray:
    values = numbers_of(item.values if isinstance(item, Series) else item, what)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1:
        raise DataError(f"{what} has shape {values.shape}; expected one series of shape (n,)")
    if len(values) == 0:
        raise DataError(f"{what} is empty; leave it out")
    return values


def _times_of(item: Any) -> ReadTimes | None:
    if isinstance(item, Series):
        return ReadTimes(item.times, item.notation)
    found = index_times(getattr(item, "index", None))
    if found is None or found.times.dtype.kind == "M":
        return found
    return None if np.array_equal(found.times, np.arange(len(found.times))) else found


def _times(found: list[ReadTimes | None], names: tuple[Any, ...]) -> ReadTimes | None:
    """Times of all series; None where none has any."""
    known = [times for times in found if times is not None]
    if not known:
        return None
    kinds = {name: None if t is None else t.times.dtype.kind for name, t in zip(names, found, strict=True)}
    other = next((name for name, kind in kinds.items() if kind != kinds[names[0]]), None)
    if other is not None:
        what = {None: "no times", "M": "dates", "f": "numbers for times", "i": "numbers for times"}
        raise DataError(
            f"series {names[0]!r} has {what[kinds[names[0]]]}, and series {other!r} {what[kinds[other]]}; expected the "
            "same of all"
        )
    return ReadTimes(np.concatenate([times.times for times in known]), known[0].notation)
