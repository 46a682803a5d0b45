"""`--json`: one strict document on the standard output, with the keys that docs/cli.md tells, and nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import elman as el
from elman.cli import elman as group
from tests.cli.cases import AS_TOLD, long_table
from tests.cli.cases import QUICK as FEW

TABLE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text().split("| command | keys |")[1].split("\n\n")[0]
FORECAST = ("--methods", "theta", "--members", "1", "--origins", "2")
COMPARE = ("--updates", 10, "--seeds", 1, "--batch-size", 4, "--parameters", 60, "--steps", 6)
SALES = "year,v\n" + "".join(f"{y},{y % 7}\n" for y in range(1950, 1990))


def strict(text):
    """What a text says that is JSON and no more."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    assert text.isascii() and text.endswith("}\n") and text.count("\n") == 1
    return json.loads(text, parse_constant=refuse)


def documented(name):
    """The keys of a row of the table."""
    rows = [line.split("|")[1:3] for line in TABLE.splitlines()[2:]]
    keys = next(keys for commands, keys in rows if f"`{name}`" in commands)
    return set(re.findall(r"`(\w+)`", keys))


def without_envelope(found):
    return set(found) - {"command", "version"}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "sales.csv").write_text(SALES)
    (tmp_path / "walks.csv").write_text(long_table())
    (tmp_path / "book.txt").write_text("to be or not to be\n" * 60)
    el.Network(1, [el.GRU(3), el.Dense(1)]).save(tmp_path / "net.safetensors")
    language = el.LanguageModel(units=3, epochs=1, steps=20).fit(tmp_path / "book.txt", verbose=0)
    language.save(tmp_path / "bard.safetensors")
    return tmp_path


CALLS = {
    "forecast": (("forecast", "sales.csv", "--horizon", 3, *FORECAST), "forecast"),
    "classify": (("classify", "walks.csv", *AS_TOLD, *FEW, "--quiet"), "classify"),
    "write": (("write", "book.txt", "--units", 3, "--epochs", 1, "--steps", 20, "--samples", 9), "write TEXT"),
    "write with": (("write", "--model", "bard.safetensors", "--prompt", "to", "--length", 9), "write --model"),
    "score": (("write", "--model", "bard.safetensors", "--score", "book.txt"), "write --model --score"),
    "inspect": (("inspect", "net.safetensors"), "inspect"),
    "cells": (("cells", "gru"), "cells"),
    "all cells": (("cells",), "cells"),
    "compare": (("compare", "--cells", "simple", "--task", "adding", *COMPARE), "compare"),
    "sweep": (("sweep", "forecast", "sales.csv", "--horizon", 3, "--grid", "methods=theta,ets"), "sweep"),
    "export": (("export", "net.safetensors", "--c", "c", "--no-main"), "export"),
    "convert": (("convert", "net.safetensors", "net.c"), "convert"),
    "doctor": (("doctor", "--quick"), "doctor"),
    "completion": (("completion", "zsh"), "completion"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_command_prints_one_document(elman, files, name):
    words, row = CALLS[name]
    code, out, err = elman(*words, "--json")
    found = strict(out)
    assert code == 0 and "Traceback" not in err and not err.strip().startswith("{")
    assert without_envelope(found) == documented(row)
    assert (
        found["command"] == " ".join(w for w in words[: 1 + (words[0] == "sweep")])
        and found["version"] == el.__version__
    )
    assert all((files / file).exists() for file in found.get("files", []))


def test_every_command_has_the_option_and_a_row():
    commands = {**group.commands, **group.commands["sweep"].commands}
    assert all(any(p.name == "json" for p in c.params) for c in commands.values() if not hasattr(c, "commands"))
    rows = {**dict.fromkeys(set(group.commands) - {"resume", "write"}), "sweep show": None, "write TEXT": None}
    assert all(documented(name) for name in rows)


def test_numbers_are_those_of_the_files(elman, files):
    _, out, _ = elman("forecast", "sales.csv", "--horizon", 3, *FORECAST, "--json")
    found = strict(out)
    rows = (files / "forecast-sales/forecast.csv").read_text().splitlines()[1:]
    values = [float(row.split(",")[1]) for row in rows]
    np.testing.assert_allclose(found["forecast"][0]["values"], values, rtol=1e-5)
    assert set(found["forecast"][0]["levels"]) == {"80", "95"} and found["backtest"]["scores"]["elman"]["MASE"] >= 0


def test_cases_with_their_classes(elman, files):
    _, out, _ = elman("classify", "walks.csv", *AS_TOLD, *FEW, "--json")
    cases = strict(out)["predictions"]
    assert {case["label"] for case in cases} == {"up", "down"}
    assert all(sum(case["probabilities"].values()) == pytest.approx(1, abs=1e-5) for case in cases)


def test_samples_of_a_training_and_a_text_go_where_they_belong(elman, files):
    words, _ = CALLS["write"]
    _, out, err = elman(*words, "--json")
    assert "--- epoch 1" in err and strict(out)["score"]["bits_per_character"] > 0
    _, out, err = elman(*CALLS["write with"][0], "--json")
    assert len(strict(out)["text"]) == 9 and not err


def test_a_number_that_is_undefined_is_null(elman, files):
    _, out, _ = elman("compare", "--cells", "simple", "--task", "adding", *COMPARE, "--json")
    assert strict(out)["results"][0]["runs"][0]["curve"]
    _, out, _ = elman("sweep", "forecast", "sales.csv", "--horizon", 3, "--grid", "methods=theta,ets", "--json")
    assert strict(out)["settings"][0]["sd"] is None


# --- errors -------------------------------------------------------------------------------------------------

ERRORS = {
    "data": (("forecast", "no.csv", "--horizon", 3), "DataError", "no.csv"),
    "option": (("forecast", "sunspots"), "OptionError", "--horizon 12"),
    "unknown option": (("forecast", "sunspots", "--horizn", 3), "UsageError", "--horizn"),
    "unknown command": (("forcast",), "UsageError", "forcast"),
    "bad number": (("forecast", "sunspots", "--horizon", "x"), "UsageError", "--horizon"),
    "endless": (("write", "--model", "bard.safetensors", "--endless"), "OptionError", "--stop"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_a_document_too(elman, files, name):
    words, kind, said = ERRORS[name]
    code, out, err = elman(*words, "--json")
    error = strict(out)["error"]
    assert code == 2 and error["exit_code"] == 2 and error["kind"] == kind and said in error["message"]
    assert said in err
    assert name == "endless" or elman(*words)[:2] == (2, "")  # which has no end without a document


def test_ctrl_c_is_told(elman, files, monkeypatch):
    from elman import commands

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "cells", stopped)
    code, out, err = elman("cells", "--json")
    assert code == 130 and strict(out)["error"] == {"kind": "KeyboardInterrupt", "message": "stopped", "exit_code": 130}
    assert "stopped" in err


def test_a_bug_is_told_and_keeps_its_traceback(elman, files, monkeypatch, capsys):
    from elman import commands

    monkeypatch.setattr(commands, "cells", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        elman("cells", "--json")
    assert strict(capsys.readouterr().out)["error"]["kind"] == "ZeroDivisionError"


def test_what_was_a_file_says_where_it_is_now(elman, files):
    code, _, err = elman("compare", "--cells", "gru", "--task", "adding", "--json", "found.json")
    assert code == 2 and "--json-file" in err


# --- in pipes -----------------------------------------------------------------------------------------------


def run(*arguments, cwd=None, **environment):
    command = [sys.executable, "-m", "elman", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, env={**os.environ, **environment})


def test_a_locale_without_letters_gets_the_same(tmp_path):
    plain, poor = (run("cells", "gru", "--json", LC_ALL=locale) for locale in ("C.UTF-8", "C"))
    assert (
        poor.returncode == 0
        and poor.stdout == plain.stdout
        and "\u03c3" in json.loads(poor.stdout)["cells"][0]["equations"][0]
    )


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="without pipes that break")
def test_a_reader_that_has_seen_enough():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "elman", "completion", "bash", "--json"]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert ended.returncode in (0, -signal.SIGPIPE) and not ended.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="without a device that is always full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "elman", "completion", "bash", "--json"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 2 and ended.stderr.count(b"\n") == 1 and b"cannot be written" in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="closes an output as a shell of POSIX does")
@pytest.mark.parametrize(("words", "code"), [("completion bash", 0), ("nope", 2)])
def test_an_output_that_was_closed_is_no_fault_of_the_command(words, code):
    command = f'exec "{sys.executable}" -m elman {words} --json >&-'
    ended = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE)
    assert ended.returncode == code and b"Traceback" not in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "code", "kind"), [("SIGTERM", 143, "Terminated"), ("SIGINT", 130, "KeyboardInterrupt")]
)
@pytest.mark.parametrize("name", ["elman.commands", "elman.errors", "elman.cli.terminal", "click"])
def test_a_signal_where_nothing_is_trained_is_told(tmp_path, number, code, kind, name):
    """In the middle of a command, before it has begun, and while what it is made of is loaded."""
    (tmp_path / "sitecustomize.py").write_text(SIGNALS[name].format(number=number))
    ended = run("cells", "gru", "--json", PYTHONPATH=str(tmp_path))
    error = strict(ended.stdout.decode())["error"]
    assert (ended.returncode, error["exit_code"], error["kind"]) == (code, code, kind)
    assert ended.stderr.strip().splitlines() == [b"elman: " + error["message"].encode()]


SIGNALS = {  # what happens while the module of that name is loaded
    name: f"""
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "{name}":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.{{number}})

sys.meta_path.insert(0, Finder())
"""
    for name in ("elman.commands", "elman.errors", "elman.cli.terminal", "click")
}
