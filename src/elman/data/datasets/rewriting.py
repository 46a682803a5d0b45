"""Rewriting: tables as Parquet files of small row groups, of which a part is read in little time and memory."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from elman.data.database import as_literal, connected, quoted
from elman.data.datasets.stretches import Table, check_column, told
from elman.data.numerals import USUAL
from elman.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LARGE, SMALL = 32 << 20, 8 << 20  # bytes of a row group: what is more is written anew, and how large then
SORTING = "256MB"  # of memory; what is more lies in the folder of the file that is written
DELIMITERS = ",;\t|"
_LEAST, _MOST = 2048, 122_880  # rows of a row group


def small(file: Path, columns: Sequence[str], marks: Sequence[str], made: Callable[[], Path]) -> Path:
    """The file itself if it is a Parquet file of small row groups; else one like it, of the columns that are needed.

    Parameters
    ----------
    file : Path
    columns : list of str
        Those that are needed.
    marks : list of str
        Texts of a CSV file that stand for no value.
    made : function
        Says where another file may be written.

    Raises
    ------
    DataError
        If it is no table, or lacks a column.
    """
    parquet = is_parquet(file)
    literal = text(as_literal(file))
    nulls = ", ".join(text(mark) for mark in marks)
    table = f"read_parquet({literal})" if parquet else f"read_csv({literal}, sample_size=-1, nullstr=[{nulls}])"
    with connected() as database, told([str(file)]):
        there = {row[0]: str(row[1]) for row in database.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}
        if not parquet and not there.keys() >= set(columns):
            check_rows(file)  # whose columns are not found where rows are not alike
        for column in columns:
            check_column(column, there, str(file))
        row = _bytes_a_row(database, file, columns) if parquet else 8 * len(columns)
        if not row:
            return file
        place = made()
        database.execute(f"SET temp_directory={text(str(place.parent))}")
        database.execute("SET threads=1")  # each holds a row group
        write(database, f"SELECT {listing(columns)} FROM {table}", place, row)
    return place


def _bytes_a_row(database: DuckDBPyConnection, file: Path, columns: Sequence[str]) -> int:
    """Of a file whose row groups are large, unpacked and on average; 0 where they are not."""
    needed = ", ".join(text(column) for column in columns)
    query = (
        "SELECT max(size), sum(size) / greatest(sum(num), 1) FROM (SELECT sum(total_uncompressed_size) AS size, "
        "any_value(row_group_num_rows) AS num FROM parquet_metadata(?) WHERE split_part(path_in_schema, ', ', 1) IN "
        f"({needed}) GROUP BY row_group_id)"
    )
    largest, row = database.execute(query, [as_literal(file)]).fetchall()[0]
    return int(row) + 1 if largest is not None and largest > LARGE else 0


def write_sorted(table: Table, columns: Sequence[str], keys: Sequence[str], made: Path, names: Sequence[str]) -> None:
    """Write some columns in order of keys, and of rows where these are the same."""
    row = "elman row"
    with connected() as database, told(names):
        database.execute(f"SET memory_limit='{SORTING}'")
        database.execute(f"SET temp_directory={text(str(made.parent))}")
        numbered = f"SELECT {listing(columns)}, row_number() OVER () AS {quoted(row)} FROM {table.all_rows}"
        order = listing([*keys, row])
        query = f"SELECT * EXCLUDE ({quoted(row)}) FROM ({numbered}) ORDER BY {order}"
        write(database, query, made, table.bytes_a_row())


def write(database: DuckDBPyConnection, query: str, file: Path, bytes_a_row: int) -> None:
    """Write the rows of a query to a Parquet file of small row groups."""
    rows = min(max(SMALL // bytes_a_row, _LEAST), _MOST)
    database.execute(f"COPY ({query}) TO {text(str(file))} (FORMAT parquet, ROW_GROUP_SIZE {rows})")


def check_rows(file: Path) -> None:
    """Refuse a text whose rows have more fields than its header: its columns cannot be told.

    Raises
    ------
    DataError
        Naming the first of them.
    """
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        header = next(iter(lines), "")
        delimiter = max(DELIMITERS, key=header.count)
        names = len(next(csv.reader([header], delimiter=delimiter), []))
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter), 1):
            if len(row) > names > 1 or 0 < len(row) < names:
                raise DataError(
                    f"{file}, row {number}: {len(row)} fields, and the header names {names}; expected as many in each "
                    "row: is a text with a delimiter in it without quotes, or a field missing?"
                )


def is_parquet(file: Path) -> bool:
    """Whether a file begins as one."""
    try:
        with file.open("rb") as opened:
            return opened.read(4) == b"PAR1"
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error


def marks_of_missing() -> list[str]:
    """What stands for no value in texts, as it is usually spelt."""
    spelt = {form(mark) for mark in USUAL for form in (str.lower, str.upper, str.title)}
    return sorted(spelt | {"NaN"})


def listing(columns: Sequence[str]) -> str:
    """Columns in SQL."""
    return ", ".join(quoted(name) for name in dict.fromkeys(columns))


def text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
