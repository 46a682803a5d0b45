"""CSV and Parquet files, read by DuckDB: one column of values and, if there is one, one of times."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from elman.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_DATES = ("DATE", "TIMESTAMP")
_EMPTY = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"]
# Times that a cast does not know. Day and month in either order would be a guess, so there is no 01/02/2003 here.
_TIME_FORMATS = ["%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%Y %b", "%d.%m.%Y", "%Y/%m/%d", "%Y-%m-%dT%H", "%Y-%m-%d %H"]
_TIME_NAMES = {"time", "date", "datetime", "timestamp", "ds", "year", "quarter", "month", "week", "day", "hour", "t"}


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
        Names of the columns; `time` is empty where there is none.
    """

    values: np.ndarray
    times: np.ndarray | None
    target: str
    time: str


def read_columns(path: str | Path, time: str | None = None, target: str | None = None) -> Columns:
    """Read a column of numbers, and one of times, from a CSV or Parquet file.

    Parameters
    ----------
    path : str or Path
        A CSV file (any usual separator, also compressed) or a Parquet file.
    time : str, optional
        The column of times; by default the first column of dates, or one that is called year, date, time or the like.
    target : str, optional
        The column of values; may be left out where there is only one besides the times.

    Raises
    ------
    DataError
        If there is no such file or column, or if it holds something else than numbers or times.
    """
    path = Path(path)
    with _table(path) as (database, types):
        time = _time_column(types, time, target, path)
        target = _target_column(types, target, time, path)
        values = _numbers(database, target, types[target], path)
        times = _times(database, time, types[time], path) if time else None
    return Columns(values, times, target, time or "")


def read_numbers(path: str | Path) -> dict[str, np.ndarray]:
    """All columns of numbers of a CSV or Parquet file, by name; NaN where a value is missing.

    Raises
    ------
    DataError
        If there is no such file, or no column of numbers in it.
    """
    path = Path(path)
    with _table(path) as (database, types):
        found = {n: _numbers(database, n, kind, path) for n, kind in types.items() if _is_number(kind)}
    if not found:
        raise DataError(f"{path} has no column of numbers; it has {', '.join(types)}")
    return found


@contextmanager
def _table(path: Path) -> Iterator[tuple[DuckDBPyConnection, dict[str, str]]]:
    """A file as the table `series` of a database, and its column types by name."""
    import duckdb

    _check_file(path)
    options: dict = {"threads": 2, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    with duckdb.connect(":memory:", config=options) as database:
        try:
            types = _open(database, path)
            _check_rows(database, path)
            yield database, types
        except (duckdb.Error, OSError) as error:
            raise DataError(f"{path} cannot be read as a table: {_first_line(error)}") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a CSV or Parquet file")
    if not path.is_file():
        folder = path.parent
        there = [f.name for f in folder.iterdir() if f.is_file()] if folder.is_dir() else []
        raise DataError(f"there is no file {path}{nearest(path.name, there)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty; expected a table with a header and a row for each time")


def _open(database: DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Make the file the table `series`; its column types by name."""
    literal = str(path.absolute())
    for special in "[*?":  # DuckDB would take these for a pattern of file names
        literal = literal.replace(special, f"[{special}]")
    if path.open("rb").read(4) == b"PAR1":
        database.execute("CREATE TABLE series AS SELECT * FROM read_parquet(?)", [literal])
    else:
        read = "read_csv(?, sample_size=-1, nullstr=?)"  # all rows are sniffed: a type must hold for the whole column
        database.execute(f"CREATE TABLE series AS SELECT * FROM {read}", [literal, _EMPTY])
    described = database.execute("DESCRIBE series").fetchall()
    return {row[0]: row[1] for row in described}


def _check_rows(database: DuckDBPyConnection, path: Path) -> None:
    (rows,) = database.execute("SELECT count(*) FROM series").fetchall()[0]
    if rows == 0:
        raise DataError(f"{path} has no rows; expected a header and a row for each time")


def _time_column(types: dict[str, str], time: str | None, target: str | None, path: Path) -> str | None:
    if time is not None:
        return _column(types, time, path)
    dates = [c for c, kind in types.items() if kind.startswith(_DATES) and c != target]
    named = [c for c in types if c.strip().lower() in _TIME_NAMES and c != target]
    return next(iter(dates + named), None) if len(types) > 1 else None


def _target_column(types: dict[str, str], target: str | None, time: str | None, path: Path) -> str:
    if target is not None:
        if target == time:
            raise DataError(f"column {target!r} is given as both time and target; they are two columns")
        return _column(types, target, path)
    others = [c for c in types if c != time]
    if len(others) == 1:
        return others[0]
    if not others:
        raise DataError(f"{path} has no column of values; its only column is {time!r}")
    raise DataError(f"{path} has several columns: {', '.join(others)}. Choose one with --target (target=... in Python)")


def _column(types: dict[str, str], name: str, path: Path) -> str:
    if name not in types:
        raise DataError(f"{path} has no column {name!r}{nearest(name, types)}; its columns are {', '.join(types)}")
    return name


def _is_number(kind: str) -> bool:
    return kind in _NUMBERS or kind.startswith(_FRACTIONS)


def _numbers(database: DuckDBPyConnection, name: str, kind: str, path: Path) -> np.ndarray:
    """A column as float64; NaN where it is empty."""
    if kind == "BOOLEAN" or kind.startswith(_DATES):
        raise DataError(f"column {name!r} of {path} holds {kind} values; expected numbers")
    column = _quoted(name)
    found = database.execute(f"SELECT TRY_CAST({column} AS DOUBLE) AS n FROM series").fetchnumpy()["n"]
    values = np.ma.filled(np.ma.asarray(found, np.float64), np.nan)
    if not _is_number(kind):
        _check_text(database, column, np.isnan(values), f"column {name!r} of {path}", "a number")
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values)))
        raise DataError(f"column {name!r} of {path} is infinite in row {row + 1}; expected finite numbers")
    return values


def _times(database: DuckDBPyConnection, name: str, kind: str, path: Path) -> np.ndarray:
    """A column of times as float64 or datetime64[us]; NaN or NaT where it is empty."""
    column = _quoted(name)
    if _is_number(kind):
        return _numbers(database, name, kind, path)
    if kind.startswith(_DATES):
        moment = f"CAST({column} AS TIMESTAMP)" if "ZONE" not in kind else column
    else:
        moment = f"coalesce(TRY_CAST({column} AS TIMESTAMP), try_strptime({column}::VARCHAR, {_TIME_FORMATS}))"
    found = np.ma.asarray(database.execute(f"SELECT epoch_us({moment}) AS t FROM series").fetchnumpy()["t"])
    empty = np.ma.getmaskarray(found)
    if not kind.startswith(_DATES):
        what = "a time, such as 2001-12-31 or 2001-12-31 18:00"
        _check_text(database, column, empty, f"column {name!r} of {path}", what)
    times = np.ma.filled(found, 0).astype(np.int64).astype("datetime64[us]")
    times[empty] = np.datetime64("NaT")
    return times


def _check_text(database: DuckDBPyConnection, column: str, unread: np.ndarray, where: str, what: str) -> None:
    """Refuse text that is not what was expected, naming its row; empty cells pass."""
    if not unread.any():
        return
    texts = database.execute(f"SELECT {column}::VARCHAR FROM series").fetchall()
    for row in np.flatnonzero(unread):
        text = texts[row][0]
        if text is not None and text.strip().lower() != "nan":
            raise DataError(f"{where} holds {text!r} in row {row + 1} (the header not counted); expected {what}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def nearest(name: str, choices: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` where a choice is near, else nothing."""
    by_lower = {c.lower(): c for c in choices}
    near = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""
