"""Whatever is a table of columns, as a sheet: a file, a data frame, a dict of columns."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elman.data.conditions import meeting
from elman.data.pandas_index import Framed, framed, is_frame
from elman.data.parquet import Typed
from elman.data.reading import Reading
from elman.data.series import file_of
from elman.data.sheets import FileSheet
from elman.data.tables import Table, read_table
from elman.data.values import is_absent, is_amount, numbers_of
from elman.data.wide import as_long, as_rows, runs_along
from elman.errors import DataError, OptionError


def as_sheet(data: Any, named: Names[Any] = (), reading: Reading | None = None) -> Framed:
    """A table as a sheet.

    Parameters
    ----------
    data : path, data frame or dict of columns
    named : collection
        The columns that the user names.
    reading : Reading, optional
        How a file is read.

    Raises
    ------
    OptionError
        If it is no table.
    """
    reading = reading or Reading()
    if isinstance(data, str | Path):
        table = meeting(read_table(file_of(data)), reading.where)
        return Framed(FileSheet(table, reading)) if named else _laid_out(table, reading)
    if isinstance(data, Mapping):
        return Framed(FileSheet(_as_table(data), reading))
    if is_frame(data):
        held = framed(data, named, reading)
        return held if named or held.group else _of_frame(held, reading)
    raise OptionError(f"expected a data frame, a file or a dict of columns, got a {type(data).__name__}")


def _of_frame(held: Framed, reading: Reading) -> Framed:
    """A frame whose times run along its columns as a table; else as it is."""
    table = held.sheet.table
    if not runs_along(table):
        return held
    laid = _laid_out(replace(table, _get={name: table.column(name) for name in table.names}.__getitem__), reading)
    return held if laid.sheet.names == table.names else laid


def _laid_out(table: Table, reading: Reading) -> Framed:
    """A table with a row for each time, where its times run along the columns."""
    long = as_long(table)
    if long is not None:
        return Framed(FileSheet(long[0], reading), "time", tuple(long[1]))
    return Framed(FileSheet(as_rows(table), reading))


def _as_table(data: Mapping[Any, Any]) -> Table:
    """Columns in a dict as a table."""
    columns = {str(name): _typed(value, str(name)) for name, value in data.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"the columns have {', '.join(f'{n} ({m} rows)' for n, m in lengths.items())}; expected as many in each"
        )
    rows = np.arange(1, max(lengths.values(), default=0) + 1)
    return Table(Path("the table"), tuple(columns), rows, "", (), columns.__getitem__)


def column_array(value: Any) -> np.ndarray:
    """A column of a dict as an array, of Python's objects where it holds lists of different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        found = np.empty(len(value), object)
        found[:] = value
        return found


def _typed(value: Any, name: str) -> Typed:
    found = column_array(value)
    if found.ndim != 1:
        raise DataError(f"column {name!r} has shape {found.shape}; expected a value in each row")
    if found.dtype.kind == "M":
        return found.astype("datetime64[us]")
    if found.dtype.kind in "Ub":
        return [str(one) for one in found.tolist()]
    if found.dtype == object and not all(is_absent(one) or is_amount(one) for one in found):
        return ["" if is_absent(one) else str(one) for one in found]
    return numbers_of(found, f"column {name!r}")
