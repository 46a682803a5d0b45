"""Tables whose times run along the columns, as rows of times: years by months, and series of a row each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from elman.data.along import FEWEST, YEAR, are_periods, start_of_times, without_x
from elman.data.names import listed
from elman.data.numerals import is_missing, looks_like_number
from elman.data.parquet import Typed
from elman.data.read_times import looks_like_times, read_times
from elman.data.tables import Table
from elman.errors import DataError

_MOST_COLUMNS = 60  # of a table of years by months
_PERIODS = {12: "{}-{:02d}", 4: "{}-Q{}"}  # of a year, and how one of them is written


def as_rows(table: Table) -> Table:
    """A table with a row for each time; as it is where its times do not run along the columns.

    Parameters
    ----------
    table : Table
        With the rows that the user chose.

    Raises
    ------
    DataError
        If its rows are series of their own, and there are several.
    """
    if len(table.names) <= FEWEST:
        return table
    return _years_by_periods(table) or _a_series_a_row(table) or table


def runs_along(table: Table) -> bool:
    """Whether the times may run along the columns, by their names."""
    if len(table.names) <= FEWEST:
        return False
    return start_of_times(list(map(without_x, table.names))) is not None or _year(table) is not None


def _year(table: Table) -> tuple[int, int] | None:
    """The first of the columns that are the periods of a year, and how many these are."""
    if len(table.names) > _MOST_COLUMNS:
        return None
    places = ((i, n) for n in _PERIODS for i in range(1, len(table.names) - n + 1))
    return next(((i, n) for i, n in places if _is_year(table, i, n)), None)


def as_long(table: Table) -> tuple[Table, list[str]] | None:
    """A table whose rows are series as one with a row for each series and time, and the columns that name the series.

    None where it is no such table, or has one row.
    """
    start = _start_of_times(table) if len(table.names) > FEWEST and len(table) > 1 else None
    if start is None:
        return None
    keys, columns = list(table.names[:start]), table.names[start:]
    names = (key for key in keys if len({*table.texts(key), ""}) == len(table) + 1)
    named = next(([key] for key in names), keys)
    if not named:
        return None
    times, cells = [without_x(label) for label in columns], list(map(table.column, columns))
    held: dict[str, Typed] = {key: [text for text in table.texts(key) for _ in columns] for key in keys}
    held["time"] = times * len(table)
    if any(isinstance(column, list) for column in cells):
        held["value"] = [cell for row in zip(*map(table.texts, columns), strict=True) for cell in row]
    else:
        held["value"] = np.stack([np.asarray(column) for column in cells], axis=1).ravel()
    note = f"the times run along the columns, from {times[0]} to {times[-1]}: a series in each of {len(table)} rows"
    numbers = np.arange(1, len(held["time"]) + 1)
    long = replace(
        table,
        names=tuple(held),
        numbers=numbers,
        notes=(*table.notes, note),
        _get=held.__getitem__,
        _lines=None if table._lines is None else np.repeat(table._lines, len(columns)),
        rounded=frozenset(),
    )
    return long, named


def _start_of_times(table: Table) -> int | None:
    """The first of the columns that are called by times, to the last."""
    start = start_of_times(list(map(without_x, table.names)))
    return None if start is None or any(_tells_times(table.texts(key)) for key in table.names[:start]) else start


def _years_by_periods(table: Table) -> Table | None:
    """Rows of years with a column for each month or quarter, read row by row."""
    found = _year(table)
    if found is None:
        return None
    start, count = found
    name = next((n for n in table.names[:start] if all(map(YEAR.fullmatch, table.texts(n)))), None)
    if name is None:
        return None
    years = [int(text[:4]) for text in table.texts(name)]
    if any(later <= earlier for earlier, later in zip(years, years[1:], strict=False)):
        _refuse_several(table, name)
        return None
    labels = table.names[start : start + count]
    times = [_PERIODS[count].format(year, i + 1) for year in years for i in range(count)]
    others = [n for n in table.names if n != name and n not in labels]
    left = f"; other columns were passed over: {listed(others)}" if others else ""
    note = f"the rows are years and the columns {labels[0]} to {labels[-1]}: read as one series, row by row{left}"
    return _of(table, name, "value", times, labels, note)


def _refuse_several(table: Table, year: str) -> None:
    """Say how one of several series is taken, where a column before the years tells them apart."""
    key = table.names[0]
    if key != year:
        text = table.texts(key)[0]
        raise DataError(
            f"{table.path} has the periods of a year along its columns, and its years are not in order, as those of "
            f"several series are not. Take one, as with --where {shlex.quote(f'{key}={text}')} "
            f"(where={ {key: text} } in Python)"
        )


def _is_year(table: Table, start: int, count: int) -> bool:
    """Whether the columns from `start` on are the periods of a year, in order."""
    labels = table.names[start : start + count]
    if are_periods(labels):
        return True
    if any(label[:1].isdigit() for label in labels):
        return False
    try:
        times = read_times([f"{label} 2001" for label in labels], "header").times
    except DataError:
        return False
    months = np.datetime64("2001-01", "M") + np.arange(count) * (12 // count)
    return times.dtype.kind == "M" and bool(np.array_equal(times, months.astype(times.dtype)))


def _a_series_a_row(table: Table) -> Table | None:
    """The only row of a table whose last columns are called by times; None where they are not."""
    start = _start_of_times(table)
    if start is None:
        return None
    labels, keys = list(map(without_x, table.names)), list(table.names[:start])
    if len(table) > 1:
        raise DataError(_several(table, keys, labels[start:]))
    called = next((text for key in keys if (text := table.texts(key)[0])), "value")
    note = f"the times run along the columns, from {labels[start]} to {labels[-1]}"
    return _of(table, "time", called, labels[start:], table.names[start:], note)


def _tells_times(texts: Sequence[str]) -> bool:
    return looks_like_times(texts) and not all(map(looks_like_number, texts))


def _several(table: Table, keys: list[str], labels: Sequence[str]) -> str:
    told = f"{table.path} has its times along the columns, from {labels[0]} to {labels[-1]}, and {len(table)} rows"
    if not keys:
        return f"{told}, which nothing tells apart; expected one row, or a column that names the series of each"
    alone = next(([key] for key in keys if len(set(table.texts(key))) == len(table)), keys)
    chosen = {key: table.texts(key)[0] for key in alone}
    options = " ".join(f"--where {shlex.quote(f'{key}={text}')}" for key, text in chosen.items())
    return (
        f"{told}: several series, a row each ({listed(table.texts(alone[0]), 4)}). "
        f"Take one, as with {options} (where={chosen} in Python)"
    )


def _of(table: Table, time: str, value: str, times: list[str], columns: Sequence[str], note: str) -> Table:
    """Two columns: times, and what stands in some columns, row by row."""
    cells = [cell for row in zip(*map(table.texts, columns), strict=True) for cell in row]
    filled = [i for i, cell in enumerate(cells) if not is_missing(cell)]
    used = slice(filled[0], filled[-1] + 1) if filled else slice(None)
    times, kept = times[used], cells[used]
    left = f"; the {len(cells) - len(kept)} cells without a value at its ends were left out" * (len(kept) < len(cells))
    called = value if value != time else "value"
    lines = None if table._lines is None else np.repeat(table._lines, len(columns))[used]
    return replace(
        table,
        names=(time, called),
        numbers=np.arange(1, len(kept) + 1),
        notes=(*table.notes, note + left),
        _get={time: times, called: kept}.__getitem__,
        _lines=lines,
        rounded=frozenset(),
    )
