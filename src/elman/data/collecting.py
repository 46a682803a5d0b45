"""Whatever holds series, as a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from elman.checks import instance
from elman.data.collection import Collection, Form
from elman.data.filling import filled
from elman.data.frames import library_of
from elman.data.intake import as_sheet, column_array
from elman.data.loose import rows_of_arrays, rows_of_series
from elman.data.pandas_index import Framed, column_framed, is_column, is_frame
from elman.data.reading import Reading
from elman.data.repeats import check_way, combined
from elman.data.roles import roles_of
from elman.data.rows import collected
from elman.data.series import Series, bundled
from elman.data.static import static_of_columns, static_of_table
from elman.data.tabled import rows_of_sheet
from elman.errors import OptionError

Names = str | Sequence[str] | None
"""Of columns; None where they are found."""


class Columns(TypedDict, total=False):
    """What columns are, by name, for functions that hand them on to `collect`."""

    time: Names
    target: Names
    group: Names
    past: Names
    future: Names
    static: Any


def collect(
    data: Any,
    *,
    time: Names = None,
    target: Names = None,
    group: Names = None,
    past: Names = (),
    future: Names = (),
    static: Any = (),
    combine: str | None = None,
    reading: Reading | None = None,
) -> Collection:
    """Take one or many series, with their covariates, from whatever holds them.

    Parameters
    ----------
    data : array, list, dict, data frame, Series or path
        - An array (n,) or (n, 1) is one series. In one of two axes (S, n) **each row is a series**, as batches come
          first everywhere in Elman; a wide data frame has them in its columns.
        - A list of arrays, of any lengths, or a dict of them by name.
        - A Series of pandas or polars, whose index of dates or periods, where it has one, is the time.
        - A data frame of any library that narwhals knows (pandas, polars, pyarrow, modin, ...): *long*, with a row for
          each series and time (``unique_id, ds, y`` are found by name), or *wide*, a column a series.
        - A CSV or Parquet file, likewise; an `elman.data.Series`.
    time : str or list of str, optional
        The column of times, or those that make them together; by default one that holds dates or is called so.
    target : str or list of str, optional
        The column of values; several are a series each.
    group : str or list of str, optional
        The columns that name the series of a long table, as ``"store"`` or ``["store", "product"]``.
    past : str or list of str, optional
        Covariates that are known up to now only.
    future : str or list of str, optional
        Covariates that are known ahead. Rows of a series behind its last value tell them.
    static : str or list of str, or data frame, optional
        Covariates of a series as a whole: columns that are the same in all of its rows, or a frame of a row a series.
    combine : {"sum", "mean", "first", "last", "min", "max"}, optional
        What becomes of several rows of a series at one time, such as all sales of a day; covariates of numbers become
        their mean. By default such rows are refused.
    reading : Reading, optional
        How a file's numbers and dates are written, and which rows are taken; how texts in a data frame write dates.

    Returns
    -------
    Collection

    Raises
    ------
    DataError
        If the data cannot be used, naming the column, the series and the time.
    OptionError
        If an argument means nothing for the data.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"store": ["a", "a", "b", "b", "b"], "day": pd.date_range("2024-01-01", periods=5),
    ...                       "sales": [1.0, 2.0, 5.0, 4.0, 6.0]})
    >>> collect(frame, group="store")
    <Collection: 2 series of 2 to 3 values, 1 day apart>

    Several sales a day:

    >>> till = pd.DataFrame({"day": ["2024-01-01", "2024-01-01", "2024-01-02"], "sales": [1.0, 2.0, 5.0]})
    >>> collect(till, combine="sum").values
    array([3., 5.])
    """
    reading = instance(Reading() if reading is None else reading, Reading, "reading", "an elman.data.reading.Reading")
    combine = reading.combine if combine is None else combine
    check_way(combine)
    columns = {"time": time, "target": target, "group": group, "past": past, "future": future, "static": static}
    if isinstance(data, Collection):
        _refuse_columns(columns | {"combine": combine}, "a Collection")
        return data
    named = [name for value in columns.values() for name in _several(value)]
    if isinstance(data, str | Path):
        found = _of_table(as_sheet(data, named, reading), Form("file"), columns, combine)
        return filled(replace(found, notes=()) if str(data) in bundled() else found, reading.fill)
    reading.refuse_all_but(["date_format", "dayfirst", "combine"], "data that is no file")
    if is_frame(data):
        held = as_sheet(data, named, reading)
        return _of_table(held, Form("long", library_of(data), indexed=bool(held.time)), columns, combine)
    if is_column(data):
        _refuse_columns(columns, "a Series")
        held = column_framed(data, reading)
        given = columns | {
            "target": [held.sheet.own(name) for name in held.sheet.names if name not in (held.time, *held.group)]
        }
        return _of_table(held, Form("column", library_of(data), indexed=bool(held.time)), given, combine)
    if isinstance(data, Mapping) and _is_table(data, columns):
        return _of_table(as_sheet(data, named, reading), Form("long"), columns, combine)
    _refuse_columns(columns, "arrays")
    rows = rows_of_series(data) if isinstance(data, Series) else rows_of_arrays(data)
    return collected(combined(rows, combine))


def _of_table(held: Framed, form: Form, columns: Mapping[str, Any], combine: str | None) -> Collection:
    sheet, given = held.sheet, dict(columns)
    table = given.pop("static")
    static = () if table is None or is_frame(table) else table
    if given["time"] is None and held.time:
        given["time"] = [sheet.own(held.time)]
    if given["group"] is None and held.group:
        given["group"] = [sheet.own(name) for name in held.group]
    roles = roles_of(sheet, **given, static=static)
    rows = rows_of_sheet(sheet, roles, form)
    if roles.static and len(roles.target) > 1:
        raise OptionError("static covariates of a wide table are no columns of it; give a frame with a row a series")
    found = static_of_columns(sheet, roles.static, rows.codes, rows.names)
    if is_frame(table):
        found = static_of_table(
            as_sheet(table, rows.form.group).sheet, [str(name) for name in rows.form.group], rows.names
        )
    return collected(combined(rows, combine), found)


def _several(value: Any) -> list[Any]:
    """What an argument names, as a list."""
    if value is None or is_frame(value):
        return []
    return list(value) if isinstance(value, list | tuple) else [*str(value).split(","), value]


def _refuse_columns(columns: Mapping[str, Any], what: str) -> None:
    """Refuse names of columns where there are none."""
    for name, value in columns.items():
        if value is not None and not (isinstance(value, tuple | list) and not value):
            raise OptionError(
                f"{name} names columns of a data frame or a file, and {what} has none; put the series and its "
                "covariates into a data frame, or leave it out"
            )


def _is_table(data: Mapping[Any, Any], columns: Mapping[str, Any]) -> bool:
    """Whether a dict is a table of columns: one is named, or holds times or texts; else each is a series."""
    if any(columns[what] is not None for what in ("time", "target", "group")) or "ds" in data:
        return True
    return any(column_array(value).dtype.kind in "MU" for value in data.values() if not hasattr(value, "index"))
