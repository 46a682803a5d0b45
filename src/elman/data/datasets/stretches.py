"""Tables on disk: Parquet files as one table, of which a stretch of rows is read at a time, by DuckDB."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import nearest, shown
from elman.data.database import as_literal, connected, quoted, reason
from elman.data.names import listed
from elman.errors import DataError

LEAST_MEMORY, GROUPS = 150 << 20, 10  # bytes that DuckDB may take, and of how many row groups if these are more
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|BOOLEAN|DECIMAL\(.*\))((\[\d*\])*)")
_WIDE = re.compile(r"DECIMAL|U?HUGEINT")


@dataclass(frozen=True, eq=False)
class Column:
    """Values of some rows.

    Attributes
    ----------
    values : array
        One for each row; or of lists, whose values follow one another, (n,) or (n, F) where these are lists themselves.
    lengths : array of int, optional
        How many of them each row has.
    """

    values: np.ndarray
    lengths: np.ndarray | None = None


class Table:
    """The rows of one or several Parquet files, one after the other.

    Parameters
    ----------
    files : list of Path
    columns : list of str
        Those that are needed, each a number a row, or a list of numbers, or a list of lists.
    names : list of str
        What messages call the files.
    keys : list of str, optional
        Columns that may hold anything.

    Attributes
    ----------
    depths : dict of str to int
        Of each column: 0 for numbers, 1 for lists, 2 for lists of lists.
    counts : array of int
        Rows of each file.
    """

    def __init__(self, files: Sequence[Path], columns: Sequence[str], names: Sequence[str], keys: Sequence[str] = ()):
        self.files, self.names, self.columns = list(files), list(names), list(dict.fromkeys(columns))
        self._lock = threading.Lock()
        self._database = connected()
        self._database.execute("SET threads=1")  # the other cores train
        kinds = [self._types(k, keys) for k in range(len(self.files))]
        self._kinds = {name: kinds[0][name] for name in self.columns}
        self.depths = {name: kind.count("[") for name, kind in self._kinds.items()}
        for name, found in zip(self.names, kinds, strict=True):
            self._check_same(name, found)
        every = {name: {kind[name].partition("[")[0] for kind in kinds} for name in self.columns}
        self._as = {n: "DOUBLE" if len(of) > 1 or _WIDE.match(min(of)) else min(of) for n, of in every.items()}
        self.counts = np.array([self._rows(k) for k in range(len(self.files))])
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        self._database.execute(f"SET memory_limit='{max(LEAST_MEMORY, GROUPS * self._largest_group()) >> 20}MB'")

    def __len__(self) -> int:
        return int(self.starts[-1])

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        with self._lock, told(self.names):
            return self._database.execute(query, list(values)).fetchall()

    @property
    def all_rows(self) -> str:
        """In SQL, all rows in their order."""
        files = ", ".join("'" + as_literal(file).replace("'", "''") + "'" for file in self.files)
        return f"read_parquet([{files}], union_by_name=true)"

    def _types(self, number: int, keys: Sequence[str]) -> dict[str, str]:
        name, path = self.names[number], as_literal(self.files[number])
        found = {row[0]: str(row[1]) for row in self.ask("DESCRIBE SELECT * FROM read_parquet(?)", [path])}
        for column in (*self.columns, *keys):
            check_column(column, found, name)
        for column in self.columns:
            if not _NUMBERS.fullmatch(found[column]) or found[column].count("[") > 2:
                raise DataError(
                    f"{name}: column {column!r} holds {found[column]}{self._such_as(number, column, found[column])}; "
                    f"expected numbers, lists of numbers, or lists of these{_advice(found[column])}"
                )
        return found

    def _such_as(self, number: int, column: str, kind: str) -> str:
        """The first text of a column that is no number."""
        if kind != "VARCHAR":
            return ""
        name = quoted(column)
        wrong = f"{name} IS NOT NULL AND TRY_CAST({name} AS DOUBLE) IS NULL"
        query = f"SELECT {name} FROM read_parquet(?) WHERE {wrong} LIMIT 1"
        found = self.ask(query, [as_literal(self.files[number])])
        return f", such as {shown(found[0][0])}" if found else " and no value at all"

    def check_order(self, column: str) -> None:
        """Refuse a column whose order is no order of time."""
        for number, name in enumerate(self.names):
            path = as_literal(self.files[number])
            kind = {row[0]: str(row[1]) for row in self.ask("DESCRIBE SELECT * FROM read_parquet(?)", [path])}[column]
            if "[" in kind or not (_NUMBERS.fullmatch(kind) or kind.startswith(("DATE", "TIME"))):
                raise DataError(
                    f"{name}: column {column!r} holds {kind}{self._such_as(number, column, kind)}, whose order is not "
                    "that of time; expected numbers, dates or times: where steps are in order already, leave time out"
                )

    def _check_same(self, name: str, found: dict[str, str]) -> None:
        for column in self.columns:
            if found[column].count("[") != self.depths[column]:
                raise DataError(
                    f"{name}: column {column!r} holds {found[column]}, and {self._kinds[column]} in {self.names[0]}; "
                    f"expected "
                    "the same in each file"
                )

    def _rows(self, number: int) -> int:
        path = as_literal(self.files[number])
        return int(self.ask("SELECT num_rows FROM parquet_file_metadata(?)", [path])[0][0])

    @functools.cached_property
    def row_groups(self) -> np.ndarray:
        """Where row groups begin, and where the last one ends."""
        found = [np.zeros(1, np.int64)]
        for file, start in zip(self.files, self.starts, strict=False):
            query = "SELECT row_group_id, any_value(row_group_num_rows) FROM parquet_metadata(?) GROUP BY 1 ORDER BY 1"
            sizes = [rows for _, rows in self.ask(query, [as_literal(file)])]
            found.append(start + np.cumsum(np.array(sizes, np.int64)))
        return np.concatenate(found)

    def _largest_group(self) -> int:
        """Bytes of the columns in a row group, unpacked, at most."""
        query = (
            "SELECT coalesce(max(size), 0) FROM (SELECT sum(total_uncompressed_size) AS size FROM parquet_metadata(?) "
            "WHERE list_contains(?, split_part(path_in_schema, ', ', 1)) GROUP BY row_group_id)"
        )
        return max(int(self.ask(query, [as_literal(file), self.columns])[0][0]) for file in self.files)

    def bytes_a_row(self) -> int:
        """Of the columns, unpacked, on average; as the files say."""
        total = 0
        for file in self.files:
            sizes = "split_part(path_in_schema, ',', 1), sum(total_uncompressed_size)"
            query = f"SELECT {sizes} FROM parquet_metadata(?) GROUP BY 1"
            total += sum(
                int(size) for name, size in self.ask(query, [as_literal(file)]) if name.strip() in self.columns
            )
        return max(total // max(len(self), 1), 1)

    # --- a stretch -------------------------------------------------------------------------------------------

    def read(self, first: int, end: int, columns: Sequence[str] | None = None) -> dict[str, Column]:
        """Rows `first` to `end` of some columns; NaN where there is no value."""
        wanted = list(self.columns if columns is None else columns)
        parts = [self._stretch(k, a, b, wanted) for k, a, b in self._places(first, end)]
        return {name: _joined([part[name] for part in parts]) for name in wanted}

    def _places(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        for number, (start, count) in enumerate(zip(self.starts, self.counts, strict=False)):
            a, b = max(first - int(start), 0), min(end - int(start), int(count))
            if a < b:
                yield number, a, b

    def _stretch(self, number: int, first: int, end: int, wanted: Sequence[str]) -> dict[str, Column]:
        """Of one file."""
        given = ", ".join(self._selected(name) for name in wanted)
        rows = "file_row_number >= ? AND file_row_number < ?"
        query = f"SELECT {given} FROM read_parquet(?, file_row_number=true) WHERE {rows}"
        values = [as_literal(self.files[number]), first, end]
        with self._lock, told([self.names[number]]):
            if not any(self.depths[name] for name in wanted):
                found = self._database.execute(query, values).fetchnumpy()
                return {name: Column(_filled(found[name])) for name in wanted}
            self._database.execute(f"CREATE OR REPLACE TEMP TABLE stretch AS {query}", values)
            made = self._unpacked(wanted, self.names[number], first)
            self._database.execute("DROP TABLE stretch")
            return made

    def _selected(self, name: str) -> str:
        return f"CAST({quoted(name)} AS {self._as[name]}{'[]' * self.depths[name]}) AS {quoted(name)}"

    def _unpacked(self, wanted: Sequence[str], file: str, first: int) -> dict[str, Column]:
        """The columns of a stretch; lists that are equally long in each row are unpacked side by side."""
        flat = [name for name in wanted if not self.depths[name]]
        made = {name: Column(values) for name, values in self._each("{}", flat).items()}
        lists = [name for name in wanted if self.depths[name]]
        lengths = {n: self._known(n, of, file, first) for n, of in self._each("len({})", lists).items()}
        while lists:
            alike = [name for name in lists if np.array_equal(lengths[name], lengths[lists[0]])]
            lists = [name for name in lists if name not in alike]
            plain = self._each("unnest({})", [name for name in alike if self.depths[name] == 1])
            made |= {name: Column(values, lengths[name]) for name, values in plain.items()}
            made |= {n: self._nested(n, lengths[n], file, first) for n in alike if self.depths[n] == 2}
        return made

    def _each(self, form: str, names: Sequence[str]) -> dict[str, np.ndarray]:
        """What an expression of each of some columns has, by name."""
        if not names:
            return {}
        asked = ", ".join(f"{form.format(quoted(name))} AS v{k}" for k, name in enumerate(names))
        found = self._database.execute(f"SELECT {asked} FROM stretch").fetchnumpy()
        return {name: _filled(found[f"v{k}"]) for k, name in enumerate(names)}

    def _known(self, name: str, lengths: np.ndarray, file: str, first: int) -> np.ndarray:
        missing = np.flatnonzero(np.isnan(lengths))
        if len(missing):
            raise DataError(f"{file}, row {first + missing[0]}: column {name!r} has no list there; expected a list")
        return lengths.astype(np.int64)

    def _one(self, expression: str) -> np.ndarray:
        return _filled(self._database.execute(f"SELECT {expression} AS v FROM stretch").fetchnumpy()["v"])

    def _nested(self, name: str, lengths: np.ndarray, file: str, first: int) -> Column:
        """Lists of lists, which are equally long."""
        column = quoted(name)
        inner = self._one(f"len(unnest({column}))")
        values = self._one(f"unnest(flatten({column}))")
        wrong = np.flatnonzero(inner != inner[:1])
        if len(wrong):
            row = int(np.searchsorted(np.cumsum(lengths), wrong[0], side="right"))
            raise DataError(
                f"{file}, row {first + row}: column {name!r} has a list of {inner[wrong[0]]:g} values among lists of "
                f"{inner[0]:g}; expected as many at each step"
            )
        return Column(values.reshape(len(inner), -1), lengths)


def check_column(column: str, there: dict[str, str], file: str) -> None:
    """Raise `DataError` where a file has no such column."""
    if column not in there:
        raise DataError(f"{file} has no column {column!r}{nearest(column, there)}; there are {listed(there)}")


def _advice(kind: str) -> str:
    if kind.startswith(("VARCHAR", "ENUM")):
        return "; give classes as 0, 1, 2, ..."
    return "; give its parts as numbers, such as the hour" if kind.startswith(("DATE", "TIME")) else ""


def _filled(found: Any) -> np.ndarray:
    """NaN where a value is missing."""
    if not np.ma.is_masked(found):
        return np.ma.getdata(found)
    return np.ma.filled(found.astype(np.float64 if found.dtype != np.float32 else np.float32), np.nan)


def _joined(parts: list[Column]) -> Column:
    if len(parts) == 1:
        return parts[0]
    lengths = [part.lengths for part in parts if part.lengths is not None]
    return Column(np.concatenate([part.values for part in parts]), np.concatenate(lengths) if lengths else None)


@contextmanager
def told(names: Sequence[str]) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise DataError(f"{listed(names, 3)} cannot be read as a table: {reason(error)}") from error
