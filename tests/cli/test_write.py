"""`elman write`: learn from a text, write, judge; and everything that may be wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import elman as el
from elman import commands_text
from elman.training import Callback
from tests.cli.test_cli import run  # noqa: F401

RHYME = "one two three four five\n" * 60
QUICK = ["--units", "12", "--steps", "8", "--streams", "4", "--epochs", "2"]


@pytest.fixture
def files(tmp_path):
    """Good and bad files, by name, in the folder that commands run in."""
    (tmp_path / "rhyme.txt").write_text(RHYME)
    (tmp_path / "cp1252.txt").write_bytes(("größer\n" * 90).encode("cp1252"))
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "one.txt").write_text("a" * 900)
    (tmp_path / "short.txt").write_text("abc")
    (tmp_path / "nul.txt").write_bytes(b"text\x00" * 90)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    (tmp_path / "utf16.txt").write_bytes("broken".encode("utf-16") + b"x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "part.txt").write_text(RHYME)
    el.Network(1, [el.GRU(2)]).save(tmp_path / "net.safetensors")
    model = el.LanguageModel(units=6, steps=8, streams=4, epochs=1, seed=3).fit(RHYME, verbose=0)
    model.save(tmp_path / "bard.safetensors")
    return tmp_path


def test_learn_and_write(run, files):  # noqa: F811
    code, out, err = run("write", "rhyme.txt", *QUICK, "--samples", 20, "--out", "new.safetensors")
    assert code == 0 and "epoch 2/2" in err
    assert out.count("--- epoch") == 2 and "bits per character" in out and "Written to new.safetensors" in out
    code, out, _ = run("write", "--model", "new.safetensors", "--prompt", "one", "--length", 30, "--seed", 5)
    model = el.LanguageModel.load(files / "new.safetensors")
    assert code == 0 and out == "one" + model.generate("one", 30, seed=5) + "\n"
    assert model.units == 12 and model.epochs == 2


def test_a_time_limit_and_numbers_as_they_come(run, files):  # noqa: F811
    code, out, _ = run("write", "rhyme.txt", *QUICK[:-1], 10**6, "--max-seconds", 0.3, "--metrics", "metrics.jsonl")
    assert code == 0 and "Note: max_seconds=0.3 have passed." in out and (files / "rhyme.safetensors").exists()
    lines = [json.loads(line) for line in (files / "metrics.jsonl").read_text().splitlines()]
    assert {line["kind"] for line in lines} >= {"updates"} and lines[0]["update"] == 10
    code, _, err = run("write", "rhyme.txt", *QUICK, "--max-seconds", -1)
    assert code == 2 and "max_seconds is -1.0; expected a number above 0" in err


def test_the_file_is_called_as_the_text(run, files):  # noqa: F811
    code, out, _ = run("write", "cp1252.txt", *QUICK)
    assert code == 0 and "Note: cp1252.txt is not UTF-8" in out and (files / "cp1252.safetensors").exists()


def test_the_file_is_called_as_the_folder(run, files):  # noqa: F811
    code, out, _ = run("write", "texts/../texts/.", *QUICK)
    assert code == 0 and "Written to texts.safetensors" in out
    (files / "texts" / "v1.2").mkdir()
    assert commands_text._named_after(files / "texts" / "v1.2").name == "v1.2.safetensors"
    assert commands_text._named_after(files / "texts" / "v1.2" / "..").name == "texts.safetensors"


def test_all_ways_of_writing(run, files):  # noqa: F811
    write = ("write", "--model", "bard.safetensors", "--length", 12)
    for more in (
        ["--temperature", "0"],
        ["--top-k", 3, "--top-p", "0.5"],
        ["--repetition-penalty", "1.3", "--repetition-window", 5],
        ["--beam", 3, "--length-penalty", "0.5"],
        ["--stop", "t", "--stop", "w"],
    ):
        assert run(*write, *more)[0] == 0
    code, out, _ = run(
        "write", "--model", "bard.safetensors", "--endless", "--stop", "o", "--stop", "e", "--stop", "\n"
    )
    assert code == 0 and "o" not in out


def test_judge(run, files):  # noqa: F811
    code, out, _ = run("write", "--model", "bard.safetensors", "--score", "rhyme.txt")
    expected = el.LanguageModel.load(files / "bard.safetensors").evaluate(RHYME)
    assert code == 0 and f"{expected.bits_per_character:.3f} bits per character" in out and "1,439 tokens" in out


BAD = {
    "write": "give a text to learn from",
    "write nothing.txt": "there is no file nothing.txt",
    "write empty.txt": "empty",
    "write one.txt": "a single kind of character",
    "write short.txt": "tokens to learn from",
    "write nul.txt": "holds the byte 0x00",
    "write picture.png": "is not a text",
    "write utf16.txt": "begins as UTF-16 but is not",
    "write folder": "has no file *.txt",
    "write rhyme.txt --out folder": "is a folder",
    "write rhyme.txt --out rhyme.txt": "is a text that is read",
    "write rhyme.txt --validation-file cp1252.txt --out cp1252.txt": "is a text that is read",
    "write texts --out texts/part.txt": "is a text that is read",
    "write rhyme.txt --validation 0.2 --validation-file cp1252.txt": "leave one out",
    "write rhyme.txt --out nowhere/x.safetensors": "cannot be written",
    "write rhyme.txt --tokens letters": "tokens is 'letters'",
    "write rhyme.txt --cell lstmm": "there is no cell 'lstmm'",
    "write rhyme.txt --dropout 1": "dropout is 1.0",
    "write rhyme.txt --epochs 0": "epochs is 0",
    "write rhyme.txt --units -3": "units is -3",
    "write rhyme.txt --vocabulary 1": "expected at least 2 characters",
    "write rhyme.txt --validation 1.5": "validation is 1.5",
    "write rhyme.txt --validation 0 --patience 2": "no text is held out",
    "write rhyme.txt --validation-file nothing": "there is no file nothing",
    "write rhyme.txt --learning-rate nan": "learning_rate is nan",
    "write rhyme.txt --cell min_gru --weight-drop 0.5": "multiplies no state by a matrix",
    "write rhyme.txt --prompt one": "--prompt is for writing with a --model",
    "write rhyme.txt --model bard.safetensors": "leave one of them out",
    "write --model nothing.safetensors": "nothing.safetensors",
    "write --model net.safetensors": "holds a Network, not a LanguageModel",
    "write --model bard.safetensors --epochs 3": "--epochs is for learning",
    "write --model bard.safetensors --prompt Xylophone": "the character 'X'",
    "write --model bard.safetensors --length 0": "length is 0",
    "write --model bard.safetensors --temperature -1": "temperature is -1",
    "write --model bard.safetensors --top-p 2": "top_p is 2",
    "write --model bard.safetensors --repetition-window 5": "repetition_window is of a repetition_penalty",
    "write --model bard.safetensors --beam 3 --seed 1": "leave out either",
    "write --model bard.safetensors --endless --beam 3": "give one",
    "write --model bard.safetensors --endless --length 3": "leave one of them out",
    "write --model bard.safetensors --score short.txt": "the character 'a'",
    "write --model bard.safetensors --score rhyme.txt --prompt one": "leave --prompt out",
    "write --model bard.safetensors --length many": "many",
}


@pytest.mark.parametrize("line", BAD)
def test_one_line_and_nothing_written(run, files, line):  # noqa: F811
    before = sorted((p.name, p.stat().st_mtime_ns) for p in files.iterdir())
    code, out, err = run(*line.split())
    assert code == 2 and not out and BAD[line] in err and "Traceback" not in err
    assert len(err.splitlines()) == 1 or err.startswith("Usage: ")
    assert sorted((p.name, p.stat().st_mtime_ns) for p in files.iterdir()) == before


def test_what_was_learnt_is_kept_when_it_is_stopped(files):
    class Stops(Callback):
        def on_epoch_end(self, training):
            if training.epoch == 2:
                raise KeyboardInterrupt

    options = {"units": 6, "steps": 8, "streams": 4, "epochs": 5, "verbose": 0}
    out = files / "kept.safetensors"
    with pytest.raises(commands_text.StoppedLearning, match="what was learnt so far is in") as end:
        commands_text.learn_to_write(files / "rhyme.txt", out=out, callbacks=[Stops()], **options)
    assert end.value.model == out and el.LanguageModel.load(out).network_.epochs == 2


def test_a_training_that_fails_is_kept(files):
    options = {"units": 6, "steps": 8, "streams": 4, "epochs": 50, "verbose": 0, "learning_rate": 1e30}
    with pytest.raises(el.TrainingError, match="What was learnt so far is kept"):
        commands_text.learn_to_write(files / "rhyme.txt", out=files / "kept.safetensors", **options)
    assert os.path.exists(files / "kept.safetensors")


def test_a_text_by_the_standard_input_is_learnt_as_from_a_file(files):
    def learnt(text, data=None):
        command = [sys.executable, "-m", "elman", "write", text, *QUICK, "--samples", "0"]
        done = subprocess.run(command, cwd=files, input=data, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    assert learnt("-", RHYME.encode()) == b"Written to stdin.safetensors"
    learnt("rhyme.txt")
    assert (files / "stdin.safetensors").read_bytes() == (files / "rhyme.safetensors").read_bytes()
    assert not list(files.glob("elman-*"))
