"""Completion at Tab: what is offered, in real shells, and nothing loaded for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

import elman as el
from elman.classify.design import POOLINGS as ALL_POOLINGS
from elman.classify.regressor import LOSSES as ALL_LOSSES
from elman.cli import choices
from elman.cli.classify import LOSSES, POOLINGS
from elman.cli.compare import NAMES_OF_TASKS
from elman.cli.completion import SHELLS, script_of
from elman.cli.forecast import DISTRIBUTIONS, METHODS
from elman.cli.write import TOKENS
from elman.compare.tasks import TASKS
from elman.data import bundled
from elman.forecast.families import FAMILIES
from elman.forecast.methods import NAMES
from elman.language.kinds import KINDS


@pytest.fixture
def shell(tmp_path):
    """Run a script in a shell where `elman` is this one."""
    stand_in = tmp_path / "bin" / "elman"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m elman "$@"\n')
    stand_in.chmod(0o755)

    def call(name, script):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"without {name}")
        path = f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"
        how = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
        told = subprocess.run(
            [found, *how, "-c", script], capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PATH": path}
        )
        return told.stdout.split("\n"), told.stderr

    return call


def asked(words, last=""):
    """What is offered behind some words."""
    told = subprocess.run(
        [sys.executable, "-m", "elman"],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "_ELMAN_COMPLETE": "bash_complete",
            "COMP_WORDS": f"elman {words} {last}",
            "COMP_CWORD": str(len(words.split()) + 1),
        },
    )
    return [line.split(",", 1) for line in told.stdout.splitlines()]


def test_the_names_that_are_offered_are_those_there_are():
    assert choices.cells() == sorted(el.cells.catalogue())
    assert choices.series() == bundled()
    assert METHODS.names() == list(NAMES) and DISTRIBUTIONS.names() == list(FAMILIES)
    assert LOSSES.names() == list(ALL_LOSSES) and POOLINGS.names() == list(ALL_POOLINGS)
    assert TOKENS.names() == list(KINDS)
    assert NAMES_OF_TASKS.names()[: len(TASKS)] == list(TASKS)


@pytest.mark.parametrize(
    ("words", "last", "offered"),
    [
        ("", "fore", ["forecast"]),
        ("sweep", "", ["classify", "forecast", "regress", "show", "write"]),
        ("forecast --cell", "layer_norm", ["layer_norm_gru", "layer_norm_lstm"]),
        ("compare --cells", "gru,lst", ["gru,lstm"]),
        ("compare --task", "fl", ["flip_flop"]),
        ("forecast", "sun", ["sunspots"]),
        ("forecast --distribution", "stu", ["student_t"]),
        ("forecast --methods", "theta,se", ["theta,several_seasons", "theta,seasonal_naive"]),
        ("regress --loss", "h", ["huber"]),
        ("classify --convolution", "", ["front", "beside", "none"]),
        ("completion", "", ["bash", "zsh", "fish"]),
        ("export --weights", "i", ["int8"]),
    ],
)
def test_what_is_offered(words, last, offered):
    assert [value for kind, value in asked(words, last) if kind == "plain"] == offered


def test_options_and_files_are_offered():
    assert ["plain", "--horizon"] in asked("forecast", "--h") and ["plain", "--json"] in asked("cells", "--")
    assert asked("inspect", "mod") == [["file", "mod"]] == asked("forecast --model", "mod")
    assert asked("inspect --out", "d") == [["dir", "d"]]


def test_nothing_is_loaded_for_it():
    heavy = ["numpy", "rich", "matplotlib", "duckdb", "elman._native", "importlib.metadata"]
    code = f"import sys, elman.cli; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name", SHELLS)
def test_scripts_say_how_they_are_installed(name):
    script = script_of(name)
    assert SHELLS[name].file in script and "_ELMAN_COMPLETE" in script
    assert script.startswith("#compdef elman") == (name == "zsh")


def test_bash(shell):
    script = "source <(elman completion bash); COMP_WORDS=(elman forecast --cell lst); COMP_CWORD=3; "
    script += "_elman_completion elman; printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p elman"
    out, err = shell("bash", script)
    assert out[0] == "lstm" and out[1].endswith("-F _elman_completion elman") and not err


@pytest.mark.parametrize("name", METHODS.names())
def test_methods_are_taken_as_they_are_offered(name):
    assert el.Forecaster(methods=[name.replace(" ", "_")]).methods_ == (name,)


def test_bash_with_a_name_of_two_words(shell):
    script = "source <(elman completion bash); COMP_WORDS=(elman forecast --methods damp); COMP_CWORD=3; "
    out, err = shell("bash", f"{script} _elman_completion elman; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    assert out[0] == "damped_ets" and not err


def test_fish_with_a_name_of_two_words(shell):
    out, err = shell("fish", "elman completion fish | source; complete -C 'elman forecast --methods damp'")
    assert out[0].split("\t")[0] == "damped_ets" and not err


def test_zsh_with_a_name_of_two_words(shell):
    """What the script hands to zsh, which quotes nothing in it."""
    script = (
        "autoload -U compinit; compinit -u -D; source <(elman completion zsh); words=(elman forecast --methods damp)"
    )
    script += "; CURRENT=4; compadd() { print -rl -- $completions; }"
    out, err = shell("zsh", f"{script}; _elman_completion")
    assert "damped_ets" in " ".join(out) and not err


def test_zsh_reads_the_script(shell):
    out, err = shell("zsh", "autoload -U compinit; compinit -u -D; source <(elman completion zsh); echo $_comps[elman]")
    assert out[0] == "_elman_completion" and not err


def test_fish(shell):
    out, err = shell("fish", "elman completion fish | source; complete -C 'elman forecast --cell lst'")
    assert out[0].split("\t")[0] == "lstm" and not err
