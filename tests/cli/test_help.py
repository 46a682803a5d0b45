"""The help: every command under a heading, every option under one, readable at 80 columns, examples that run."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.util import find_spec
from zlib import crc32

import click
import pytest

from elman.cli import COMMANDS, main
from elman.cli import elman as group
from tests.cli.world import make_models, make_world

LISTED = [command for commands in COMMANDS.values() for command in commands]
ALL = {(name,): command for name, command in group.commands.items()}
ALL |= {("sweep", name): command for name, command in group.commands["sweep"].commands.items()}
MANY = 14  # options, from which on a help has headings


def ids(words):
    return " ".join(words)


def test_every_command_is_under_one_heading():
    assert sorted(command.name for command in LISTED) == sorted(group.commands)


def test_the_help_shows_the_headings_in_order(elman):
    code, out, _ = elman("-h")
    places = [out.index(f"{heading}:\n") for heading in COMMANDS]
    assert code == 0 and places == sorted(places)
    for heading, commands in COMMANDS.items():
        section = out[out.index(f"{heading}:\n") :].split("\n\n")[0]
        assert all(re.search(rf"^  {command.name} ", section, re.MULTILINE) for command in commands)


@pytest.mark.parametrize("words", ALL, ids=ids)
def test_help_is_readable_at_80_columns(elman, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = elman(*words, "-h")
    assert (code, err) == (0, "") and [line for line in out.splitlines() if len(line) > 80] == []
    assert "..." not in "".join(re.findall(r"^  [a-z]+ .*", out, re.MULTILINE)) or words != ("sweep",)


def test_help_has_its_short_name_whoever_looked_at_the_command_before(elman):
    command = group.commands["forecast"]
    command._help_option = None  # which click makes once
    command.get_help(click.Context(command))
    code, out, err = elman("forecast", "-h")
    assert (code, err) == (0, "") and "-h, --help" in out


def test_help_goes_with_a_narrow_terminal(elman, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    _, out, _ = elman("forecast", "-h")
    assert max(map(len, out.split("elman forecast sunspots")[0].splitlines())) <= 50


@pytest.mark.parametrize("words", ALL, ids=ids)
def test_options_are_under_headings_where_there_are_many(elman, words):
    command = ALL[words]
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    _, out, _ = elman(*words, "--help")
    out = out[out.index("\nOptions:\n") :]
    assert all(len(re.findall(rf"^  {re.escape(o.opts[0])}\b(?!-)", out, re.MULTILINE)) == 1 for o in options)
    headings = {getattr(option, "heading", "Options") for option in options}
    assert len(headings) > 2 or len(options) < MANY
    assert all(f"\n{heading}:\n" in out for heading in headings)


# --- examples -----------------------------------------------------------------------------------------------

FEW = ("--units", "3", "--epochs", "1")
QUICK = {  # what makes them take no time, and what is not tried here
    "forecast": ("--methods", "theta", "--members", "1", "--origins", "1"),
    "classify": (*FEW, "--members", "1", "--convolution", "none"),
    "regress": (*FEW, "--members", "1", "--convolution", "none"),
    "write": (*FEW, "--samples", "0", "--steps", "20"),
    "compare": ("--updates", "10", "--seeds", "1", "--parameters", "60", "--steps", "12", "--batch-size", "4"),
    "sweep": ("--budget", "0.01", "--seeds", "1", "--jobs", "1"),
    "bench": ("--only", "W6 GRU", "--threads", "1", "--rounds", "1"),
    "doctor": ("--quick",),
}
OTHERS = {".pt": "torch", ".keras": "keras", ".onnx": "onnx"}


def examples():
    for words, command in ALL.items():
        for block in re.findall(r"\x08\n(.*?)(?:\n\n|\Z)", command.help, re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip().startswith("elman "):
                    yield words, " ".join(line.split())


EXAMPLES = list(dict.fromkeys(line for _, line in examples()))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Files of all names in the examples, models among them, so that each runs by itself."""
    folder = tmp_path_factory.mktemp("world")
    make_world(folder)
    make_models(folder)
    return folder


def test_every_command_has_an_example():
    assert {words for words, _ in examples()} == set(ALL)


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_run(line, world, monkeypatch, capsys):
    words = shlex.split(line.partition(" > ")[0].partition(" | ")[0])[1:]
    needed = next((OTHERS[e] for e in OTHERS if any(w.endswith(e) for w in words)), None)
    needed = "optuna" if "--trials" in words else needed
    if needed is not None and find_spec(needed) is None:
        pytest.skip(f"without {needed}")
    monkeypatch.chdir(world)
    _stand_in(words, world, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["elman", *words, *_quick(words)])
    with pytest.raises(SystemExit) as end:
        main()
    _, err = capsys.readouterr()
    assert end.value.code == 0, err


def _quick(words):
    """What is added, so that no time is taken and nothing is overwritten that another example reads."""
    if "--model" in words or words[:2] == ["sweep", "show"]:
        return ()
    more = list(QUICK.get(words[0], ()))
    if words[0] == "forecast" and "--out" not in words:
        more += ["--out", "made"]
    if words[0] == "sweep":
        more += ["--file", f"{crc32(' '.join(words).encode())}.duckdb"]
        kinds = {"forecast": "methods=theta", "write": "steps=20"}
        setting = kinds.get(words[1], "convolution=none")
        given = any(setting.partition("=")[0] in word for word in words)
        more += [] if given else ["--set", setting]
        more += [] if any("epochs" in word for word in words) else ["--set", "epochs=1"]
        more += ["--set", "members=1" if words[1] != "write" else "units=3"]
    return more


def _stand_in(words, world, monkeypatch):
    """What takes long or never ends, and what must have been ended on the way."""
    import elman.insight.report  # noqa: F401
    from elman import lab, saved
    from elman.bench import sgemm, turns

    monkeypatch.setattr(lab, "serve", lambda *_, ready, **__: ready("http://127.0.0.1:8765/token/"))
    monkeypatch.setattr(sys.modules["elman.insight.report"], "LYAPUNOV_STEPS", 20)
    monkeypatch.setattr(sgemm, "PRODUCTS", 1)
    monkeypatch.setattr(turns, "TURN_S", 0.002)
    monkeypatch.setattr(turns, "PAUSE_S", 0.0)
    monkeypatch.setattr(turns, "_busy_seconds", lambda: 0.0)
    left = saved.Left(["forecast", "sunspots", "--horizon", "3", *QUICK["forecast"], "--out", "resumed"], world)
    monkeypatch.setattr(saved, "left_in", lambda place: left)
