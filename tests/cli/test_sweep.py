"""`elman sweep` end to end: kills at any moment, files as people have them, refusals."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner

from elman.cli import elman
from elman.errors import ElmanError
from elman.models import load

COMMAND = ["sweep", "forecast", "sunspots", "--horizon", "12", "--seeds", "2", "--file", "s.duckdb"]
GRID = ["--grid", "methods=theta,linear,linear+theta"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ran(*arguments, code=0):
    found = CliRunner().invoke(elman, [str(one) for one in arguments])
    if isinstance(found.exception, ElmanError):
        assert code == 2, found.exception
        return str(found.exception)
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


def rows(file):
    with duckdb.connect(str(file)) as connection:
        return connection.execute(
            "SELECT trial, seed, settings, status, score, MASE, RMSE FROM trials ORDER BY ALL"
        ).fetchall()


def test_a_sweep_that_is_killed_at_random_moments_is_that_which_was_not(tmp_path):
    """The moment is a number of trials that have ended, and a random time behind it: in a trial, or in a write."""
    ran(*COMMAND, *GRID)
    whole, draw, killed = rows("s.duckdb"), random.Random(0), 0
    for kill in (0, 1, 3):
        command = [sys.executable, "-m", "elman", *COMMAND[:-1], "k.duckdb", *GRID]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            for _ in range(kill):
                process.stderr.readline()
            try:
                process.wait(timeout=draw.uniform(0.01, 0.2))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, 9)
                killed += 1
    assert killed > 0  # the last may have had all its trials behind it
    ran(*COMMAND[:-1], "k.duckdb", *GRID)
    assert rows("k.duckdb") == whole and len(whole) == 6
    assert not [name for name in os.listdir() if name.endswith(".wal")]


def test_the_best_model_is_written_and_forecasts_on():
    pytest.importorskip("optuna")
    tried = ["--trials", "3", "--choice", "methods=theta,linear", "--range", "epochs=1..3"]
    output = ran("sweep", "forecast", "sunspots", "--horizon", "4", *tried, "--out", "best", "--top", "1")
    assert (
        "3 of 3 trials have ended" in output and "Written to best: trials.csv, report.html, model.safetensors" in output
    )
    assert "Written to again" in ran("forecast", "--model", "best/model.safetensors", "sunspots", "--out", "again")
    shown = ran("sweep", "show", "sweep-sunspots.duckdb", "--csv", "t.csv", "--picture", "p.png", "--out", "page")
    assert "Written to page: trials.csv, report.html" in shown and os.path.getsize("p.png") > 5000
    assert Path("t.csv").read_text().count("\n") == 4
    assert "p.txt must end in .png" in ran("sweep", "show", "sweep-sunspots.duckdb", "--picture", "p.txt", code=2)


def walks():
    rng, lines = np.random.default_rng(0), ["person,t,x,kind,slope"]
    for person in range(12):
        slope = rng.normal()
        lines += [
            f"{person},{t},{slope * t + rng.normal():.3f},{'up' if slope > 0 else 'down'},{slope:.3f}" for t in range(6)
        ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("kind", "label", "measure", "grid"),
    [("classify", "kind", "accuracy", "pooling=mean,mean+max"), ("regress", "slope", "rmse", "loss=mse,huber")],
)
def test_cases_are_judged_by_folds_and_the_best_model_judges_on(kind, label, measure, grid):
    with open("walks.csv", "w") as file:
        file.write(walks())
    columns = ["--group", "person", "--time", "t", "--columns", "x", "--label", label]
    small = ["--set", "units=3", "--set", "members=1", "--set", "epochs=2", "--set", "convolution=none"]
    output = ran("sweep", kind, "walks.csv", *columns, *small, "--grid", grid, "--folds", "2", "--out", "best")
    assert "cross-validation in 2 folds of 12 cases" in output and measure in output
    model = load("best/model.safetensors")
    assert len(model.predict("walks.csv")) == 12 and model.epochs == 2


def test_a_text_is_swept_too():
    with open("book.txt", "w") as file:
        file.write("to be or not to be. " * 60)
    small = ["--set", "units=3", "--set", "epochs=1"]
    assert "bits_per_character" in ran(
        "sweep", "write", "book.txt", *small, "--grid", "cell=gru,simple", "--quiet", "--out", "b"
    ) + ran("sweep", "show", "sweep-book.duckdb")
    assert os.path.isfile("b/model.safetensors")


WILD = {
    "semicolons and commas": (
        "Datum;Wert\n" + "\n".join(f"{1 + k % 28:02d}.{1 + k // 28:02d}.2020;{k % 7},5" for k in range(80)),
        (),
    ),
    "gaps": (
        "date,y\n"
        + "\n".join(f"2020-{1 + k // 28:02d}-{1 + k % 28:02d},{'' if k % 9 == 4 else k % 5}" for k in range(80)),
        (),
    ),
    "a constant": ("t,y\n" + "\n".join(f"{k},3" for k in range(60)), ()),
    "long": (
        "id,t,y\n" + "\n".join(f"{s},{t},{(t + s) % 6}" for s in "12" for s in [int(s)] for t in range(40)),
        ("--group", "id"),
    ),
    "zeros": ("t,y\n" + "\n".join(f"{k},{0 if k % 8 else 4}" for k in range(60)), ()),
}


@pytest.mark.parametrize("name", WILD)
def test_files_as_people_have_them(name):
    content, options = WILD[name]
    with open("data.csv", "w") as file:
        file.write(content)
    output = ran(
        "sweep",
        "forecast",
        "data.csv",
        "--horizon",
        "3",
        *options,
        "--grid",
        "methods=theta,seasonal naive",
        "--out",
        "o",
    )
    assert "2 of 2 trials have ended" in output and "failed" not in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to try"),
        (["--grid", "unit=3"], "did you mean 'units'"),
        (["--epochs", "3"], "No such option '--epochs'.*--set epochs=.*--grid epochs="),
        (["--learning-rate", "3"], "No such option '--learning-rate'.*--set learning_rate="),
        (["--range", "units=1..4"], "--range is for proposals of Optuna"),
        (["--choice", "units=1,4"], "--choice is for proposals of Optuna"),
        (["--trials", "3", "--grid", "units=1,4"], "--grid tries all combinations"),
        (["--grid", "units=4", "--at-once", "2"], "--at-once is for proposals"),
        (["--grid", "units=4", "--set", "units=8"], "units is to be tried, and set"),
        (["--grid", "units=4", "--set", "horizon=8"], "horizon is given with an option of its own"),
        (["--grid", "units=4", "--set", "epochs=-1"], "epochs is -1"),
        (["--grid", "units=4", "--out", "x.duckdb/y", "--file", "."], "is a folder|cannot be used"),
    ],
)
def test_commands_that_make_no_sense_are_refused(arguments, words):
    import re

    assert re.search(words, ran("sweep", "forecast", "sunspots", "--horizon", "4", *arguments, code=2))
    assert not [name for name in os.listdir() if name.endswith(".duckdb")]


def test_a_horizon_and_a_file_are_asked_for():
    assert "say how many steps" in ran("sweep", "forecast", "sunspots", "--grid", "units=4", code=2)
    assert "there is no file s.duckdb" in ran("sweep", "show", "s.duckdb", code=2)


def test_all_failed_is_told_by_the_exit_code():
    tried = ["--grid", "distribution=normal", "--grid", "methods=theta,ets"]
    assert "all 2 trials failed" in ran("sweep", "forecast", "sunspots", "--horizon", "4", *tried, code=2)
    assert "Failed: 1 trial: methods is 'theta'" in ran("sweep", "show", "sweep-sunspots.duckdb")
