"""Parquet files, read by DuckDB: columns keep the types that they have in the file."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.data.database import as_literal, connected, quoted, reason, shut
from elman.data.dates.zones import is_zone
from elman.data.packed import TIMES
from elman.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEAST_VALUES = 2**28  # that a file of any size may hold
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_WIDE = ("BIGINT", "HUGEINT", "UBIGINT")
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_DATES = ("DATE", "TIMESTAMP")
_NESTED = ("STRUCT", "MAP", "UNION", "BLOB")

Typed = np.ndarray | list[str]


def read_parquet(path: Path) -> tuple[dict[str, Typed], dict[str, str], frozenset[str], list[str]]:
    """Columns by name, the zones of those that have one, columns whose numbers were rounded, and notes.

    Numbers are float64, times datetime64[us], both with NaN or NaT where a value is missing; anything else is text,
    missing values as empty ones. Columns that hold lists or records are left out.

    Raises
    ------
    DataError
        If the file is no Parquet file, after all.
    """
    import duckdb

    try:
        with connected() as database:
            written = _zones_of_pandas(database, path)
            _read(database, path)
            types = {row[0]: str(row[1]) for row in database.execute("DESCRIBE series").fetchall()}
            usable = {n: kind for n, kind in types.items() if not kind.startswith(_NESTED) and "[" not in kind}
            columns = {name: _column(database, name, kind) for name, kind in usable.items()}
            rounded = frozenset(name for name, kind in usable.items() if _is_rounded(database, name, kind))
    except (duckdb.Error, OSError) as error:
        raise DataError(f"{path} cannot be read as a table: {reason(error)}") from error
    nested = [name for name in types if name not in usable]
    zoned = [name for name, kind in usable.items() if kind.startswith("TIMESTAMP") and "ZONE" in kind]
    zones = {name: written.get(name, "UTC") for name in zoned}
    notes = [f"columns of lists or records were left out: {', '.join(nested)}"] if nested else []
    return columns, zones, rounded, notes


def read_lists(path: Path) -> dict[str, list[Any]]:
    """All columns by name as Python's objects, where some hold lists; nothing of another file.

    Raises
    ------
    DataError
        If the file is no Parquet file, after all.
    """
    import duckdb

    try:
        with connected() as database:
            types = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [as_literal(path)]).fetchall()
            if not any("[" in str(row[1]) for row in types):
                return {}
            _read(database, path)
            rows = database.execute("SELECT * FROM series").fetchall()
    except (duckdb.Error, OSError) as error:
        raise DataError(f"{path} cannot be read as a table: {reason(error)}") from error
    return {row[0]: list(column) for row, column in zip(types, zip(*rows, strict=True), strict=False)}


def _read(database: DuckDBPyConnection, path: Path) -> None:
    """Make the file's rows a table `series`, after which no query reads anything else.

    Raises
    ------
    DataError
        If it promises far more values than its bytes warrant.
    """
    promised = "SELECT max(num_rows) * count(*) FROM parquet_schema(?), parquet_file_metadata(?)"
    values = database.execute(promised, [as_literal(path)] * 2).fetchall()[0][0] or 0
    if values > max(LEAST_VALUES, TIMES * path.stat().st_size):
        raise DataError(
            f"{path} promises {values:,} values in {path.stat().st_size:,} bytes, which no table is: if it is one, "
            "give a file with a part of its rows or columns"
        )
    database.execute("CREATE TABLE series AS SELECT * FROM read_parquet(?)", [as_literal(path)])
    shut(database)


def _zones_of_pandas(database: DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Zones by column as pandas notes them beside the table, which itself holds UTC; those that are known."""
    query = "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'pandas'::BLOB"
    for (text,) in database.execute(query, [as_literal(path)]).fetchall():
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            noted = {c["name"]: (c["metadata"] or {}).get("timezone") for c in json.loads(text)["columns"]}
            return {name: zone for name, zone in noted.items() if zone and is_zone(zone)}
    return {}


def _is_rounded(database: DuckDBPyConnection, name: str, kind: str) -> bool:
    """Whether whole numbers are larger than float64 holds them."""
    if kind not in _WIDE:
        return False
    column = quoted(name)
    query = f"SELECT count(*) FROM series WHERE TRY_CAST(CAST({column} AS DOUBLE) AS HUGEINT) IS DISTINCT FROM {column}"
    return bool(database.execute(query).fetchall()[0][0])


def _column(database: DuckDBPyConnection, name: str, kind: str) -> Typed:
    column = quoted(name)
    if kind in _NUMBERS or kind.startswith(_FRACTIONS):
        found = database.execute(f"SELECT CAST({column} AS DOUBLE) AS n FROM series").fetchnumpy()["n"]
        return np.ma.filled(np.ma.asarray(found, np.float64), np.nan)
    if kind.startswith(_DATES):
        moment = column if "ZONE" in kind else f"CAST({column} AS TIMESTAMP)"
        found = np.ma.asarray(database.execute(f"SELECT epoch_us({moment}) AS t FROM series").fetchnumpy()["t"])
        times = np.ma.filled(found, 0).astype(np.int64).astype("datetime64[us]")
        times[np.ma.getmaskarray(found)] = np.datetime64("NaT")
        return times
    texts = database.execute(f"SELECT {column}::VARCHAR FROM series").fetchall()
    return ["" if text is None else text.strip() for (text,) in texts]
