"""Every file of the tables, read by the command as a user runs it."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pytest

from elman import commands, commands_forecast_files
from elman.cli import main
from tests.wild import dates, numbers, panels, published, tables, wide
from tests.wild.case import Case

CASES = [*dates.CASES, *numbers.CASES, *tables.CASES, *panels.CASES, *wide.CASES, *published.CASES]
QUICK = ("--horizon", "2", "--methods", "theta", "--origins", "1")


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """A picture takes longer than all else; other tests draw them."""
    monkeypatch.setattr(commands_forecast_files, "attempted", lambda what, make: (b"", []))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def call(case: Case):
        file = case.write(tmp_path)
        monkeypatch.setattr(
            sys, "argv", ["elman", "forecast", str(file), *QUICK, *case.options, "--out", str(tmp_path / "out")]
        )
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return call


def test_names_differ():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) > 150


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda c: c.name)
def test_what_cannot_be_read_is_told_in_one_message_and_nothing_is_written(case, run, tmp_path):
    code, out, err = run(case)
    lines = [line for line in err.splitlines() if line.startswith("elman: ")]
    assert code == 2 and out == "" and len(lines) == 1
    assert not [word for word in case.refused if word.lower() not in lines[0].lower()], lines[0]
    assert {p.name for p in tmp_path.iterdir()} == {case.name}


@pytest.mark.parametrize("case", [c for c in CASES if not c.refused], ids=lambda c: c.name)
def test_what_can_be_read_is_read_rightly(case, run, tmp_path, monkeypatch):
    reports = []
    forecast = commands.forecast
    monkeypatch.setattr(commands, "forecast", lambda *a, **k: reports.append(forecast(*a, **k)) or reports[-1])
    code, out, err = run(case)
    assert code == 0, err
    collection = reports[0].collection
    values = collection.series(0)
    assert len(collection) == case.series and case.rows in (None, len(values))
    if case.values is not None:
        np.testing.assert_allclose(values[[0, -1]], case.values, rtol=1e-15)
    told = json.loads((tmp_path / "out" / "metrics.json").read_text())
    noted = " ".join(told["notes"])
    assert not [word for word in case.notes if word not in noted], noted
    assert not [word for word in case.notes if word not in out], out
    assert not [word for word in case.silent if word in noted], noted
    with (tmp_path / "out" / "forecast.csv").open(encoding="utf-8") as file:
        header, *forecast_rows = csv.reader(file)
    time = header.index(told["series"]["time"])
    assert case.following in (None, tuple(row[time] for row in forecast_rows[:2]))
    first_last = collection.notation.labels(collection.times_of(0)[[0, -1]])
    assert case.times in (None, tuple(first_last))
