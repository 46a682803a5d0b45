"""The file of a sweep: locks, files of something else, broken ones."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from elman.fleet import read_sweep, sweep

SALES = 50 + np.arange(60) + 9 * np.sin(np.arange(60) * 2 * np.pi / 12)
CALL = {
    "estimator": el.Forecaster(horizon=4),
    "data": SALES,
    "space": {"methods": ["theta", "linear", "seasonal naive"]},
}


@pytest.fixture
def file(tmp_path):
    sweep(**CALL, file=tmp_path / "s.duckdb")
    return tmp_path / "s.duckdb"


def test_other_programs_read_typed_columns(file):
    with duckdb.connect(str(file), read_only=True) as connection:
        kinds = {name: kind for name, kind, *_ in connection.execute("DESCRIBE trials").fetchall()}
        best = connection.execute(
            "SELECT methods, json_extract(settings, '$.methods') FROM trials ORDER BY MASE"
        ).fetchone()
    assert kinds["methods"] == "VARCHAR" and kinds["MASE"] == "DOUBLE" and kinds["finished"] == "TIMESTAMP"
    assert best[1].strip('"') == best[0] == read_sweep(file).best_params["methods"]
    assert {"data", "options", "versions", "error", "status", "seconds"} <= set(kinds)


def test_a_second_process_is_refused_by_name_of_the_first(file):
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline()
        for call in (lambda: sweep(**CALL, file=file), lambda: read_sweep(file)):
            with pytest.raises(OptionError, match=f"is in use by process {other.pid}: one sweep at a time"):
                call()
        other.stdin.close()
    assert len(sweep(**CALL, file=file).rows) == 3


def test_a_second_sweep_of_the_same_process_is_refused(tmp_path):
    refused = []

    def watch(progress):
        def second():
            with pytest.raises(OptionError, match="is in use by this process"):
                sweep(**CALL, file=tmp_path / "s.duckdb")
            refused.append(True)

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    assert len(sweep(**CALL, file=tmp_path / "s.duckdb", watch=watch).rows) == len(refused) == 3


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n" * 3000, bytes(range(256)) * 64], ids=["empty", "csv", "bytes"])
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "s.duckdb"
    path.write_bytes(content)
    for call in (lambda: sweep(**CALL, file=path), lambda: read_sweep(path)):
        with pytest.raises(OptionError, match="is no file of a sweep"):
            call()
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "sales.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT 1 AS x")
    for call in (lambda: sweep(**CALL, file=path), lambda: read_sweep(path)):
        with pytest.raises(OptionError, match="is no file of a sweep: it holds sales"):
            call()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("sales",)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE sweep SET format = 99", "the format of .* is 99"),
        ("DELETE FROM sweep", "the format of .* is missing"),
        ("UPDATE sweep SET about = '{}'", "is no file of a sweep that can be read"),
        ("UPDATE sweep SET about = 'x'", "is no file of a sweep that can be read"),
        ("ALTER TABLE trials DROP COLUMN error", "has other columns"),
        (
            """UPDATE sweep SET about = regexp_replace(about, '"MASE": ?[0-9][^},]+', '"MASE": {}')""",
            "can be read: MASE of its scores is {}; expected int or float",
        ),
    ],
)
def test_a_file_that_was_changed_is_refused(file, statement, words):
    with duckdb.connect(str(file)) as connection:
        connection.execute(statement)
    for call in (lambda: sweep(**CALL, file=file), lambda: read_sweep(file)):
        with pytest.raises(OptionError, match=words):
            call()


def test_a_broken_file_is_refused_or_holds_what_it_held(file, tmp_path):
    """Cut off anywhere, or with noise anywhere, a file is an error of ours, or reads as it did."""
    whole, broken, draw = file.read_bytes(), tmp_path / "broken.duckdb", random.Random(0)
    rows, refused = read_sweep(file).rows, 0
    for number in range(12):
        content, place = bytearray(whole), draw.randrange(len(whole))
        if number % 2:
            del content[place:]
        else:
            content[place : place + 4096] = draw.randbytes(len(content[place : place + 4096]))
        broken.write_bytes(content)
        try:
            assert read_sweep(broken).rows == rows
        except OptionError as error:
            assert "broken.duckdb" in str(error)
            refused += 1
    assert refused


def test_places_that_cannot_be_written_are_refused_before_any_trial(tmp_path):
    (tmp_path / "left.duckdb.wal").write_bytes(b"x")
    for path, words in (
        (tmp_path, "is a folder|cannot be used"),
        (tmp_path / "no" / "s.duckdb", "there is no folder"),
        (tmp_path / "left.duckdb", "is the journal of a file that is gone"),
    ):
        with pytest.raises(OptionError, match=words):
            sweep(**CALL, file=path, watch=lambda progress: pytest.fail("a trial was run"))
    assert [each.name for each in tmp_path.iterdir()] == ["left.duckdb.wal"]


def test_nothing_but_the_file_is_left(file):
    assert [each.name for each in Path(file).parent.iterdir()] == ["s.duckdb"]


def test_numbers_come_back_as_they_were(file):
    found = read_sweep(file)
    again = sweep(**CALL, file=file)
    assert found.rows == again.rows and all(np.isfinite(row.score) for row in found.rows)


def test_a_table_is_no_file_of_a_sweep(tmp_path):
    table = tmp_path / "sales.csv"
    table.write_text("date,sales\n2020-01-01,3\n")
    with pytest.raises(OptionError, match="sales.csv is no file of a sweep"):
        read_sweep(table)
