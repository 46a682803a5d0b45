"""Covariates that are known ahead, for the steps behind the end of each series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.data.collection import Ahead, Collection
from elman.data.covariates import Covariate, read_covariate
from elman.data.intake import as_sheet
from elman.data.names import listed
from elman.data.pandas_index import Framed
from elman.data.read_times import Notation
from elman.data.reading import Reading
from elman.data.roles import columns_named
from elman.data.sheets import Sheet
from elman.data.tabled import series_of_columns
from elman.errors import DataError, OptionError


def future_rows(
    collection: Collection, horizon: int, data: Any = None, *, reading: Reading | None = None
) -> dict[str, Covariate]:
    """The covariates that are known ahead, for the H steps that follow each series.

    Parameters
    ----------
    collection : Collection
        The series, with covariates that are known ahead.
    horizon : int
        H.
    data : data frame, path or dict of columns, optional
        With the columns that name the series and their times as the data had them, and one for each covariate; without
        names of series its rows are those of every series, without times they follow each end in order. By default
        the rows that stood behind the last value of each series; they fill in what `data` leaves out.
    reading : Reading, optional
        How a file is read.

    Returns
    -------
    dict of str to Covariate, each (S, H)
        In the codes of the collection's categories, and behind them of those that it does not have.

    Raises
    ------
    DataError
        If a value is missing, naming the column, the series and the first such time.
    OptionError
        If the collection has no covariates that are known ahead.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> import pandas as pd
    >>> sold = pd.DataFrame({"sold": [1.0, 3.0, 2.0, np.nan], "promotion": [0, 1, 0, 1]})
    >>> shop = el.data.collect(sold, target="sold", future=["promotion"])
    >>> el.data.future_rows(shop, 1)["promotion"].values
    array([[1.]])
    """
    if not collection.future:
        if data is not None:
            raise OptionError(
                "the future was given, but the data has no covariate that is known ahead: name it future="
            )
        return {}
    shape = (len(collection), horizon)
    found = {name: np.full(shape, known.missing, known.values.dtype) for name, known in collection.future.items()}
    told = {name: np.zeros(shape, bool) for name in found}
    categories = {name: known.categories for name, known in collection.future.items()}
    if collection.ahead is not None:
        _of_ahead(collection.ahead, horizon, found, told)
    if data is not None:
        _of_data(collection, horizon, data, reading, found, told, categories)
    for name in found:
        _check_told(collection, name, told[name], data is not None)
    return {name: Covariate(values, categories[name]) for name, values in found.items()}


def _of_ahead(ahead: Ahead, horizon: int, found: dict[str, np.ndarray], told: dict[str, np.ndarray]) -> None:
    """Rows behind the ends, which lie on the grid."""
    counts = np.diff(ahead.borders)
    series = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(series)) - np.repeat(ahead.borders[:-1], counts)
    used = step < horizon
    for name, covariate in ahead.future.items():
        found[name][series[used], step[used]] = covariate.values[used]
        told[name][series[used], step[used]] = ~covariate.absent[used]


def _of_data(
    collection: Collection,
    horizon: int,
    data: Any,
    reading: Reading | None,
    found: dict[str, np.ndarray],
    told: dict[str, np.ndarray],
    categories: dict[str, tuple[Any, ...] | None],
) -> None:
    held = as_sheet(data, [*collection.form.group, collection.form.time, *collection.future], reading)
    sheet = held.sheet
    series = _series(collection, sheet)
    rows, numbers, steps = _places(collection, horizon, held, series)
    for name, known in collection.future.items():
        (column,) = columns_named(sheet, [_own(sheet, name)], "future")
        covariate = read_covariate(sheet, column)
        given = ~covariate.absent[rows]
        if (covariate.categories is None) != (known.categories is None) and given.any():
            kinds = ("numbers", "categories")
            here, there = kinds[covariate.categories is not None], kinds[known.categories is not None]
            raise DataError(f"column {name!r} holds {here} in the future, and {there} in the data; expected {there}")
        if known.categories is not None and covariate.categories is not None:
            seen = set(known.categories)
            new = [category for category in covariate.categories if category not in seen]
            every = (*known.categories, *new)
            categories[name], covariate = every, covariate.recoded(every)
        found[name][numbers[given], steps[given]] = covariate.values[rows][given]
        told[name][numbers[given], steps[given]] = True


def _own(sheet: Sheet, name: str) -> Any:
    """A covariate's column as the sheet calls it."""
    return next((sheet.own(column) for column in sheet.names if str(sheet.own(column)) == name), name)


def _series(collection: Collection, sheet: Sheet) -> np.ndarray | None:
    """Which series each row is of, -1 for others; None where the rows are those of all."""
    owned = {sheet.own(name): name for name in sheet.names}
    group = [owned[name] for name in collection.form.group if name in owned]
    if not group or len(group) < len(collection.form.group):
        if len(collection) > 1 and collection.form.group:
            raise DataError(
                f"the future has no column {listed(map(repr, collection.form.group))}, which names the series; its "
                f"columns are {listed(sheet.names)}"
            )
        return None
    names, codes = series_of_columns(sheet, group)
    number = {name: i for i, name in enumerate(collection.names)}
    if not any(name in number for name in names):
        raise DataError(
            f"the future names no series of the data: it has {listed(map(repr, names), 3)}, and the data "
            f"{listed(map(repr, collection.names), 3)}"
        )
    return np.array([number.get(name, -1) for name in names])[codes]


def _places(
    collection: Collection, horizon: int, held: Framed, series: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that are wanted, the series of each, and how many steps it is ahead."""
    sheet, count = held.sheet, len(collection)
    if collection.times is None:
        rows, numbers, steps = _in_order(len(sheet), series, count)
    else:
        rows, numbers, steps = _by_time(collection, horizon, held, series)
    used = (steps >= 0) & (steps < horizon)
    rows, numbers, steps = rows[used], numbers[used], steps[used]
    _check_once(collection, horizon, numbers, steps)
    return rows, numbers, steps


def _in_order(rows: int, series: np.ndarray | None, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of each series one after the other."""
    if series is None:
        return np.tile(np.arange(rows), count), np.repeat(np.arange(count), rows), np.tile(np.arange(rows), count)
    order = np.argsort(series, kind="stable")
    counts = np.bincount(series + 1, minlength=count + 1)
    steps = np.arange(rows) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = series[order] >= 0
    return order[kept], series[order][kept], steps[kept]


def _by_time(
    collection: Collection, horizon: int, held: Framed, series: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows whose times are among those that follow the end of their series."""
    sheet, count = held.sheet, len(collection)
    owned = {sheet.own(name): name for name in sheet.names}
    asked = collection.form.time
    names = [held.time] if held.time else [owned[asked]] if asked in owned else _joined(sheet, str(asked))
    read = sheet.times(names, series is not None)
    wanted, times = _alike(collection.future_times(horizon), collection.notation, read.times, read.notation)
    rows = np.arange(len(times))
    if series is None:
        rows, times, series = np.tile(rows, count), np.tile(times, count), np.repeat(np.arange(count), len(times))
    known = series >= 0
    rows, times, series = rows[known], times[known], series[known]
    different = np.unique(np.concatenate([wanted.ravel(), times]))
    keys = (np.arange(count)[:, None] * len(different) + np.searchsorted(different, wanted)).ravel()
    mine = series * len(different) + np.searchsorted(different, times)
    place = np.minimum(np.searchsorted(keys, mine), len(keys) - 1)
    return rows, series, np.where(keys[place] == mine, place % horizon, -1)


def _joined(sheet: Sheet, time: str) -> Sequence[str]:
    """Columns that make the times together, or that are found to hold them."""
    parts = [part for part in time.split(",") if part in sheet.names]
    if parts and len(parts) == len(time.split(",")):
        return parts
    found = [name for name in sheet.names if sheet.holds(name) == "time"]
    if len(found) == 1:
        return found
    raise DataError(f"the future has no column {time!r} of times; its columns are {listed(sheet.names)}")


def _alike(wanted: np.ndarray, notation: Notation, times: np.ndarray, other: Notation) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds of times that can be compared: as instants if both are, else as the clock on the wall shows them."""
    if (wanted.dtype.kind == "M") != (times.dtype.kind == "M"):
        kinds = {True: "dates", False: "numbers"}
        raise DataError(
            f"the times of the future are {kinds[times.dtype.kind == 'M']}, those of the data "
            f"{kinds[wanted.dtype.kind == 'M']}; expected the same"
        )
    if wanted.dtype.kind != "M":
        return np.round(wanted.astype(np.float64), 6), np.round(times.astype(np.float64), 6)
    flat = wanted.ravel()
    both = notation.hangs and other.hangs
    one, two = (notation.utc(flat), other.utc(times)) if both else (notation.wall(flat), other.wall(times))
    return one.reshape(wanted.shape), two


def _check_once(collection: Collection, horizon: int, numbers: np.ndarray, steps: np.ndarray) -> None:
    keys, counts = np.unique(numbers * horizon + steps, return_counts=True)
    if (counts <= 1).all():
        return
    number, step = divmod(int(keys[counts > 1][0]), horizon)
    at = collection.notation.label(collection.future_times(horizon)[number, step])
    raise DataError(f"the future has several rows for series {collection.names[number]!r} at {at}; expected one")


def _check_told(collection: Collection, name: str, told: np.ndarray, given: bool) -> None:
    """Refuse a covariate that is not known for all steps."""
    if told.all():
        return
    number, step = (int(i) for i in np.argwhere(~told)[0])
    horizon = told.shape[1]
    at = collection.notation.label(collection.future_times(horizon)[number, step])
    where = f"the future lacks column {name!r}" if given else f"column {name!r} is known ahead, and was not given,"
    raise DataError(
        f"{where} for series {collection.names[number]!r} at {at} ({int(np.sum(~told))} of {told.size} values are "
        f"missing); give it for the {horizon} steps that follow the end of each series (future=..., --future-file)"
    )
