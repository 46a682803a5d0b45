"""`elman resume`, `--resume`, and what SIGTERM leaves of a command."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

import elman as el
from elman.cli import main
from elman.files import Writing
from elman.saved import left_in

ENDED = """
import os, signal, sys
from elman.cli import main
from elman.cli.bars import Bars
from elman.training import LambdaCallback

def end(training):
    if training.epoch == 3:
        os.kill(os.getpid(), signal.{signal})

shown = Bars.watch
Bars.watch = lambda self, *stage: [*shown(self, *stage), LambdaCallback(on_epoch_begin=end)]
sys.argv = ["elman", *{words!r}]
main()
"""
FORECAST = "forecast sunspots --horizon 5 --members 2 --units 4 --epochs 4 --methods network,theta --out".split()


def ended(folder, signal="SIGTERM", words=(*FORECAST, "out")):
    code = ENDED.format(signal=signal, words=list(words))
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `elman ...` in the current folder: exit code, stdout, stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["elman", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a forecast whose training was never stopped."""
    from elman import commands

    out = tmp_path_factory.mktemp("whole")
    how = {"horizon": 5, "members": 2, "units": 4, "epochs": 4, "methods": ["network", "theta"]}
    commands.forecast("sunspots", out=out, **how)
    return {name: (out / name).read_bytes() for name in ("forecast.csv", "model.safetensors")}


def test_sigterm_gives_143_and_resume_goes_on_in_the_folder_where_it_was(tmp_path, whole, run, monkeypatch):
    found = ended(tmp_path)
    assert found.returncode == 143 and "Traceback" not in found.stderr
    assert "`elman resume out/run` goes on from where it stood" in found.stderr
    said = json.loads((tmp_path / "out/run/run.json").read_text())
    assert said["command"] == [*FORECAST, "out", "--resume"] and said["folder"] == str(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    code, _, errors = run("resume", str(tmp_path / "out"))
    assert code == 0, errors
    assert {name: (tmp_path / "out" / name).read_bytes() for name in whole} == whole
    assert not (tmp_path / "out/run").exists() and not list(elsewhere.iterdir())


def test_what_was_left_is_not_touched_in_silence(tmp_path, run, monkeypatch):
    ended(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out/run").iterdir()}
    code, _, errors = run(*FORECAST, "out")
    assert code == 2 and "holds a run that was not brought to its end" in errors
    assert "go on from it with --resume, or `elman resume out/run`" in errors.replace("\n", " ")
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "out/run").iterdir()}


def test_other_options_are_refused(tmp_path, run, monkeypatch):
    ended(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, _, errors = run(*FORECAST, "out", "--resume", "--seed", "5")
    told = " ".join(errors.split())
    assert code == 2 and "holds another training, which differs in its" in told
    assert f"goes on from where it stood, as `elman {shlex.join([*FORECAST, 'out'])}`" in told


def test_a_run_is_kept_if_that_is_wanted(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(*FORECAST, "out", "--keep-run", "--every", "5")[0] == 0
    assert (tmp_path / "out/run/run.json").exists()


@pytest.mark.parametrize("words", [["--every", "soon"], ["--every", "0"]])
def test_a_time_that_is_none_is_refused(words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, errors = run(*FORECAST, "out", *words)
    assert code == 2 and "every is" in errors and not list(tmp_path.iterdir())


def test_with_a_model_there_is_nothing_to_go_on_with(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, errors = run("forecast", "sunspots", "--model", "m.safetensors", "--resume")
    assert code == 2 and "--resume is for training" in errors


def test_what_holds_no_run_is_said(run, tmp_path):
    for place in (str(tmp_path), ".", "/"):
        code, _, errors = run("resume", place)
        assert code == 2 and "holds no run that could go on" in errors.replace("\n", " ")


def test_what_another_process_writes_is_not_called_left(tmp_path, run, monkeypatch):
    ended(tmp_path)
    monkeypatch.chdir(tmp_path)
    with Writing(tmp_path / "out/run", "elman forecast"):
        for words in ([], ["--resume"]):
            code, _, errors = run(*FORECAST, "out", *words)
            told = errors.replace("\n", " ")
            assert code == 2 and "is being written by" in told and "another with --out" in told
            assert "remove the folder" not in told


def test_a_run_of_python_or_of_another_program_is_refused(run, tmp_path):
    place = tmp_path / "run.json"
    for said, why in (
        ({"saved": "trainings"}, "by a call of Python"),
        ({"command": ["rm", "-rf", "x"], "folder": str(tmp_path)}, "expected one of forecast"),
        ({"command": ["forecast"], "folder": str(tmp_path / "gone")}, "not there any more"),
        ({"command": [3], "folder": "."}, "by a call of Python"),
    ):
        place.write_text(json.dumps(said))
        code, _, errors = run("resume", str(tmp_path))
        assert code == 2 and why in errors.replace("\n", " ")
    place.write_text("[" * 100_000)
    with pytest.raises(el.ModelFileError):
        left_in(tmp_path)


def test_options_that_differ_are_named(tmp_path, run, monkeypatch):
    ended(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = [{"5": "6"}.get(word, word) for word in FORECAST]
    code, _, errors = run(*words, "out", "--resume")
    assert code == 2 and "(--horizon 5 then, 6 now)" in errors.replace("\n", " ")


def test_ctrl_c_says_one_thing(tmp_path):
    found = ended(tmp_path, "SIGINT")
    assert found.returncode == 130 and "nothing was learnt" not in found.stderr
    assert "goes on from where it stood" in found.stderr


@pytest.mark.parametrize("words", [("forecast", "sunspots", "--horizon", "3"), ("classify", "walks.csv")])
def test_a_second_writer_is_refused_before_anything_is_read(words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("elman.commands_forecast.collect", lambda *_, **__: 1 / 0)
    monkeypatch.setattr("elman.commands_cases.read_cases", lambda *_, **__: 1 / 0)
    with Writing(tmp_path / "out", "elman forecast"):
        code, _, errors = run(*words, "--out", "out")
    assert code == 2 and "is being written by" in errors and not (tmp_path / "out").exists()


def test_going_on_where_nothing_is_says_that_it_begins_anew(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = run("compare", "--cells", "gru", "--task", "adding", "--updates", "10", "--seeds", "1", "--resume")
    assert code == 0 and "compare-adding.run holds no run to go on from, so that the command begins anew" in err
