"""A file that is read is all that is read: no other file, no code, no network, whatever things are called."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

import elman as el
from elman.data import parquet
from elman.data.collecting import collect
from elman.data.database import connected, quoted, shut
from elman.errors import DataError, OptionError

NAMES = (
    "a*.parquet",
    "a?.parquet",
    "[ab].parquet",
    "it's.parquet",
    'say "hi".parquet',
    "a;DROP TABLE series;--.parquet",
    "read_csv('x').parquet",
    "$(id).parquet",
    "a%20b#c.parquet",
    "größe\u202e.parquet",
)
COLUMNS = (
    "\"; COPY (SELECT 1) TO 'out.csv'; --",
    "y); DROP TABLE series; --",
    "'; ATTACH 'x.db'; --",
    "read_text('/etc/hostname')",
    "*",
    "a.b",
    "select",
    "\u202egnp",
    "$1",
)


def write(path: Path, columns: dict[str, np.ndarray]) -> Path:
    names = [f"{quoted(f'c{k}')} AS {quoted(name)}" for k, name in enumerate(columns)]
    data = {f"c{k}": values for k, values in enumerate(columns.values())}  # noqa: F841
    draft = path.with_name("draft")
    duckdb.sql(f"COPY (SELECT {', '.join(names)} FROM data) TO '{draft}' (FORMAT parquet)")
    draft.rename(path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_are_no_patterns_and_no_sql(tmp_path, name):
    for number, other in enumerate(("a1.parquet", "ab.parquet", "b.parquet")):
        write(tmp_path / other, {"year": np.arange(3) + 2000, "y": np.full(3, 100.0 + number)})
    write(tmp_path / name, {"year": np.arange(3) + 2000, "y": np.arange(3.0)})
    assert collect(tmp_path / name).values.tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", COLUMNS)
def test_names_of_columns_are_no_sql(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "t.parquet", {"year": np.arange(3) + 2000, name: np.arange(3.0)})
    found = collect(path)
    assert found.values.tolist() == [0, 1, 2]
    forecast = el.Forecaster(methods="linear", horizon=2).fit(found).predict(2)
    forecast.to_parquet(tmp_path / "out.parquet") if hasattr(forecast, "to_parquet") else None
    assert {file.name for file in tmp_path.iterdir()} <= {"t.parquet", "out.parquet"}


def test_nothing_is_read_once_the_file_was(tmp_path, monkeypatch):
    """The connection that looks at the columns can open no file and no extension, and not be told to."""
    path = write(tmp_path / "t.parquet", {"year": np.arange(3) + 2000, "y": np.arange(3.0)})
    tried = []

    def shut_and_try(database):
        shut(database)
        for query in (
            "SELECT * FROM read_text('/etc/hostname')",
            f"SELECT * FROM read_parquet('{path}')",
            f"ATTACH '{tmp_path / 'x.db'}'",
            f"COPY (SELECT 1) TO '{tmp_path / 'x.csv'}'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access=true",
            "SET autoinstall_known_extensions=true",
            "SELECT * FROM 'https://example.com/x.csv'",
        ):
            with pytest.raises(duckdb.Error):
                database.execute(query)
            tried.append(query)

    monkeypatch.setattr(parquet, "shut", shut_and_try)
    assert collect(path).values.tolist() == [0, 1, 2]
    assert len(tried) == 9 and not (tmp_path / "x.csv").exists()


def test_a_connection_loads_no_extension():
    with connected() as database:
        settings = dict(database.execute("SELECT name, value FROM duckdb_settings()").fetchall())
    for name in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"):
        assert settings[name] == "false"


def test_a_table_that_promises_more_than_its_bytes_warrant(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "LEAST_VALUES", 1000)
    path = tmp_path / "bomb.parquet"
    duckdb.sql(f"COPY (SELECT 2000 AS year, 1 AS y FROM range(3000000)) TO '{path}' (FORMAT parquet)")
    with pytest.raises(DataError, match="promises 6,000,000 values|promises 9,000,000 values"):
        collect(path)


# --- sweeps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["sweep", "trials"])
def test_views_of_a_sweep_are_not_looked_at(tmp_path, table):
    """A view is a query of whoever made the file: it could read any other."""
    from elman.fleet import read_sweep, sweep

    secret, path = tmp_path / "secret.csv", tmp_path / "s.duckdb"
    secret.write_text("a\n1\n")
    sweep(el.Forecaster(horizon=2), np.arange(30.0), space={"methods": ["theta", "linear"]}, file=path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_csv('{secret}')")
    with pytest.raises(OptionError, match="is no file of a sweep"):
        read_sweep(path)
    with pytest.raises(OptionError, match="is no file of a sweep"):
        sweep(el.Forecaster(horizon=2), np.arange(30.0), space={"methods": ["theta", "linear"]}, file=path)
