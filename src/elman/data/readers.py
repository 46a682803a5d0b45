"""What a file holds of one series: which columns, how its numbers and times are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from elman import checks
from elman.data.conditions import Where, meeting
from elman.data.fitting import numbers_rows
from elman.data.names import listed
from elman.data.numerals import is_missing, looks_like_number
from elman.data.read_times import Notation, ReadTimes, join_columns, looks_like_times, read_times, typed_times
from elman.data.reading import Reading
from elman.data.sentinels import Missing
from elman.data.tables import Table, read_table
from elman.data.wide import as_rows
from elman.errors import DataError, OptionError

PARTS = {"year", "period", "quarter", "month", "week", "day", "hour", "minute", "second", "time", "clock"}
TIME_NAMES = {"time", "date", "datetime", "timestamp", "ds", "year", "quarter", "month", "week", "day", "hour", "t"}
_TIME_WORDS = TIME_NAMES - {"t", "ds"} | {"datum", "zeit", "jahr", "monat", "fecha", "data", "mes", "mois", "annee"}
_ROW_NAMES = {"", "rownames", "row", "index", "id", "no", "no.", "nr", "#", "obs", "x"}
_LOOKED_AT = 60  # cells that tell what a column holds
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[ap]\.?m\.?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """What a file holds of one series.

    Attributes
    ----------
    values : ndarray, shape (n,)
        float64, NaN where a value is missing.
    times : ndarray, shape (n,), or None
        float64 or datetime64[us]; None where the file has no column of times.
    target, time : str
        Names of the columns; `time` is empty where there is none, and has commas where several make the times.
    notation : Notation
        How the times are written.
    notes : tuple of str
        What was assumed, for the user.
    """

    values: np.ndarray
    times: np.ndarray | None
    target: str
    time: str
    notation: Notation = field(default_factory=Notation)
    notes: tuple[str, ...] = ()


def read_columns(
    path: str | Path,
    time: str | Sequence[str] | None = None,
    target: str | None = None,
    *,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    where: Where | None = None,
    missing: Missing | None = None,
) -> Columns:
    r"""Read a column of numbers, and one of times, from a CSV or Parquet file.

    Parameters
    ----------
    path : str or Path
        A CSV file with any usual separator and encoding, also compressed, or a Parquet file.
    time : str or list of str, optional
        The column of times, or those that make them together, as ``"Year,Month"``; by default the first column of
        dates, or one that is called year, date, time or the like.
    target : str, optional
        The column of values; may be left out where there is only one of numbers besides the times.
    date_format : str, optional
        How times are written, as for `strftime`; by default the form that all of them have.
    dayfirst : bool, optional
        Whether 01/02/2003 is in February.
    decimal, thousands : str, optional
        The marks before fractions and between thousands; by default those that fit the whole column.
    where : dict, str or list of str, optional
        The rows to read, as ``{"store": "a"}`` or ``"store=a"``.
    missing : str, float or list, optional
        Values that stand for a missing one, as the file writes them, such as -999.

    Returns
    -------
    Columns
        Its values and times, and what they are called.

    Raises
    ------
    DataError
        If there is no such file or column, or if it holds something else than numbers or times.

    Examples
    --------
    >>> import elman as el
    >>> written = open("sold.csv", "w").write("month;sold\n2024-01;1,5\n2024-02;2,5\n")
    >>> el.data.read_columns("sold.csv").values.tolist()
    [1.5, 2.5]
    """
    reading = Reading(time, target, "none", False, date_format, dayfirst, decimal, thousands, where, missing)
    return columns_of(series_table(checks.path(path), reading), reading)


def series_table(path: str | Path, reading: Reading) -> Table:
    """The rows of a file that are one series, a row for each time unless the user names columns."""
    table = meeting(read_table(path), reading.where)
    return as_rows(table) if reading.time is None and reading.target is None else table


def columns_of(table: Table, reading: Reading) -> Columns:
    """A column of numbers and one of times; see `read_columns`."""
    times_from = time_columns(table, reading.time, reading.target)
    chosen = _target_column(table, reading.target, times_from)
    values, notes = table.read_numbers(chosen, reading.decimal, reading.thousands, reading.missing)
    taken = _taken(table, times_from, chosen, reading.time is None, reading.target is None)
    notes = [*table.notes, *taken, *notes]
    if not times_from:
        if reading.date_format is not None or reading.dayfirst is not None:
            raise OptionError(f"{table.path} has no column of times to read by a format; name it with --time")
        return Columns(values, None, chosen, "", notes=tuple(notes))
    found = times_of(table, times_from, reading.date_format, reading.dayfirst)
    return Columns(values, found.times, chosen, ",".join(times_from), found.notation, (*notes, *found.notes))


def read_numbers(path: str | Path, reading: Reading | None = None) -> dict[str, np.ndarray]:
    """All columns of numbers of a CSV or Parquet file, by name; NaN where a value is missing.

    Parameters
    ----------
    path : str or Path
    reading : Reading, optional
        Its `where`, `decimal`, `thousands` and `missing`.

    Raises
    ------
    DataError
        If there is no such file, or no column of numbers in it.
    """
    reading = reading or Reading()
    table = meeting(read_table(path), reading.where)
    numeric = [name for name in table.names if kind_of(table, name) == "number"]
    if not numeric:
        raise DataError(f"{path} has no column of numbers; it has {listed(table.names)}")
    how = (reading.decimal, reading.thousands, reading.missing)
    return {name: table.read_numbers(name, *how)[0] for name in numeric}


def kind_of(table: Table, name: str) -> str:
    """What a column holds, going by some of its cells: ``time``, ``clock``, ``number``, ``text`` or ``empty``."""
    column = table.column(name)
    if not isinstance(column, list):
        return "time" if column.dtype.kind == "M" else "number"
    cells = [text for text in column[: 20 * _LOOKED_AT] if not is_missing(text)]
    cells = cells[:: max(len(cells) // _LOOKED_AT, 1)]
    if not cells:
        return "empty"
    if all(map(_CLOCK.fullmatch, cells)):
        return "clock"
    if sum(map(looks_like_number, cells)) >= 0.7 * len(cells):
        return "number"
    return "time" if looks_like_times(cells) else "text"


# --- which columns ------------------------------------------------------------------------------------------


def time_columns(table: Table, time: str | Sequence[str] | None, target: str | None) -> list[str]:
    """Those that make the times; none where the file has none."""
    if time is not None:
        if isinstance(time, str):
            time = [time] if time in table.names else [part.strip() for part in time.split(",")]
        if target in time:
            raise DataError(f"column {target!r} is given as both time and target; they are two columns")
        return [table.check(name) for name in time]
    if len(table.names) == 1:
        return []
    kinds = {name: kind_of(table, name) for name in table.names if name != target}
    dates = [name for name, kind in kinds.items() if kind == "time"]
    named = [name for name, kind in kinds.items() if name.strip().lower() in TIME_NAMES and kind != "clock"]
    worded = [name for name in kinds if _words(name) & _TIME_WORDS and looks_like_times(table.texts(name)[:_LOOKED_AT])]
    clocks = [name for name, kind in kinds.items() if kind == "clock"]
    return (dates + named + worded + clocks)[:1]


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))


def _target_column(table: Table, target: str | None, times: list[str]) -> str:
    if target is not None:
        return table.check(target)
    others = [name for name in table.names if name not in times]
    if len(others) == 1:
        return others[0]
    if not others:
        raise DataError(f"{table.path} has no column of values; its only column is {listed(times)!r}")
    numeric = [name for name in others if kind_of(table, name) == "number"]
    values = [name for name in numeric if not beside_the_point(table, name, bool(times))]
    if len(values) == 1:
        return values[0]
    if values:
        raise DataError(
            f"{table.path} has several columns: {listed(values)}. Choose one with --target (target=... in Python)"
            f"{advice_on_wide(values)}"
        )
    counting = f". One that counts rows or is a part of times has to be chosen with --target: {listed(numeric)}"
    raise DataError(
        f"{table.path} has no column of numbers beside its times; it has {listed(table.names)}"
        f"{counting if numeric else ''}"
    )


def advice_on_wide(names: list[str]) -> str:
    """What to do where times stand in the header: dates, years or the names of months."""
    dated = [names, [f"{name}-01" for name in names], [f"{name} 2001" for name in names]]
    if len(names) < 3 or min(map(len, names)) < 3 or not any(map(looks_like_times, dated)):
        return ""
    return (
        f". If {names[0]} to {names[-1]} are times, write the table with a row for each time: "
        "in pandas by df.melt(), or by df.T where each row is a series"
    )


def beside_the_point(table: Table, name: str, timed: bool) -> bool:
    """Whether a column of numbers only counts rows, or is a part of the time."""
    plain = name.strip().lower()
    if timed and plain in PARTS:
        return True
    unnamed = plain in _ROW_NAMES or plain.startswith(("unnamed", "column "))
    return unnamed and numbers_rows(table.texts(name))


def _taken(table: Table, times: list[str], target: str, time_chosen: bool, target_chosen: bool) -> list[str]:
    """Which columns were taken, where the user did not say."""
    if not times:
        return ["no column of times was found: the rows are counted"] if time_chosen else []
    parts = [f"times from column {times[0]!r}"] if time_chosen else []
    parts += [f"values from column {target!r}"] if target_chosen else []
    return [f"taken: {' and '.join(parts)}"] if parts and len(table.names) > 1 else []


# --- times --------------------------------------------------------------------------------------------------


def times_of(table: Table, names: list[str], date_format: str | None, dayfirst: bool | None) -> ReadTimes:
    """Times that some columns make together, NaN or NaT where a cell is empty.

    Raises
    ------
    DataError
        If a row is no time, or if several readings are left.
    """
    column = table.column(names[0])
    if len(names) == 1 and not isinstance(column, list):
        if date_format is not None or dayfirst is not None:
            raise OptionError(
                f"column {names[0]!r} of {table.path} holds times or numbers, not texts: leave out their format"
            )
        if column.dtype.kind != "M":
            return ReadTimes(column, Notation())
        return typed_times(column, zone=table.zones.get(names[0]))
    columns = [table.texts(name) for name in names]
    texts = (
        join_columns(columns, names) if len(names) > 1 else [None if is_missing(text) else text for text in columns[0]]
    )
    found = read_times(table.in_place(texts), ",".join(names), date_format=date_format, dayfirst=dayfirst)
    return replace(as_joined(found, names), times=found.times[table.numbers - 1])


def as_joined(found: ReadTimes, names: Sequence[str]) -> ReadTimes:
    """Times of several columns, written as months: no file writes the text that the columns were joined to."""
    if len(names) > 1 and "%b" in found.notation.pattern:
        return replace(found, notation=replace(found.notation, pattern="%Y-%m"))
    return found
