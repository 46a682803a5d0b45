"""DuckDB, as it reads one file that somebody may have made with intent: that file, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ALONE: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}
"""Settings with which no code comes from elsewhere."""


def connected() -> DuckDBPyConnection:
    """A database in memory, in UTC, that loads nothing from elsewhere; `shut` it when its file was read."""
    import duckdb

    database = duckdb.connect(":memory:", config={"threads": 2, **ALONE})
    if has_zones(database):
        database.execute("SET TimeZone='UTC'")
    return database


def shut(database: DuckDBPyConnection) -> None:
    """Let no further query read or write a file, or reach a network; nothing opens it again."""
    database.execute("SET enable_external_access=false")
    database.execute("SET lock_configuration=true")


def has_zones(database: DuckDBPyConnection) -> bool:
    found = database.execute("SELECT count(*) FROM duckdb_settings() WHERE lower(name) = 'timezone'").fetchall()
    return bool(found[0][0])


def as_literal(path: Path) -> str:
    """A path that DuckDB does not take for a pattern of file names."""
    literal = str(path.absolute())
    for special in "[*?":
        literal = literal.replace(special, f"[{special}]")
    return literal


def quoted(name: str) -> str:
    """A name of a column in SQL, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def reason(error: Exception) -> str:
    """What DuckDB says, its second line included."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return " ".join(lines[:2])
