"""`--metrics FILE` of every command that trains networks."""

from __future__ import annotations

import json

import pytest

from tests.cli.cases import AS_TOLD, QUICK, long_table
from tests.cli.test_resume import ended, run  # noqa: F401

FEW = ["--units", "3", "--members", "2", "--epochs", "2", "--methods", "network,theta", "--origins", "2"]
COMMANDS = {
    "forecast": (["forecast", "s.csv", "--horizon", "2", *FEW, "--out", "out.json"], 4),  # each twice; and of the test
    "classify": (["classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "out"], 2),  # that is written, and of the test
    "regress": (["regress", "numbers.csv", *AS_TOLD, *QUICK, "--validation", "0", "--out", "out"], 2),
    "write": (["write", "rhyme.txt", "--units", "3", "--steps", "8", "--epochs", "2", "--out", "out.safetensors"], 1),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.csv").write_text("v\n" + "".join(f"{k % 7 + k / 5}\n" for k in range(36)))
    (tmp_path / "walks.csv").write_text(long_table())
    (tmp_path / "numbers.csv").write_text(long_table(range(12)))
    (tmp_path / "rhyme.txt").write_text("one two three four\n" * 60)
    return tmp_path


def epochs(file):
    """Of each network its epochs that have a line."""
    found: dict[int, list[int]] = {}
    for line in map(json.loads, file.read_text().splitlines()):
        if line["kind"] == "epoch":
            found.setdefault(line["network"], []).append(line["epoch"])
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_epoch_of_every_network_has_a_line(run, folder, name):  # noqa: F811
    words, networks = COMMANDS[name]
    assert run(*words, "--metrics", "m.jsonl")[0] == 0
    found = epochs(folder / "m.jsonl")
    assert sorted(found) == list(range(1, len(found) + 1)) and len(found) >= networks
    assert all(done == [1, 2] for done in found.values())
    before = (folder / "m.jsonl").read_bytes()
    code, _, err = run(*words, "--metrics", "m.jsonl")
    assert code == 2 and "--metrics m.jsonl is there already" in err and (folder / "m.jsonl").read_bytes() == before


def test_it_changes_no_forecast(run, folder):  # noqa: F811
    words = COMMANDS["forecast"][0][:-1]
    assert run(*words, "a.json")[0] == run(*words, "b.json", "--metrics", "m.jsonl")[0] == 0
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


def test_a_command_that_goes_on_goes_on_with_its_lines(run, folder):  # noqa: F811
    words = (
        "forecast s.csv --horizon 2 --origins 2 --members 2 --units 4 --epochs 4 --methods network,theta --out".split()
    )
    assert run(*words, "whole.json", "--metrics", "whole.jsonl")[0] == 0
    assert ended(folder, words=[*words, "out.json", "--metrics", "m.jsonl"]).returncode == 143
    assert 0 < len(epochs(folder / "m.jsonl")) < len(epochs(folder / "whole.jsonl"))
    assert run("resume", "out.json")[0] == 0
    assert epochs(folder / "m.jsonl") == epochs(folder / "whole.jsonl")


def test_where_nothing_is_trained_it_is_said(run, folder):  # noqa: F811
    code, _, err = run(
        "forecast", "s.csv", "--horizon", "3", "--methods", "theta", "--out", "o.json", "--metrics", "m.jsonl"
    )
    assert code == 0 and "there is no m.jsonl: no network was trained" in err


@pytest.mark.parametrize("path", ["nowhere/m.jsonl", "."])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(run, folder, path):  # noqa: F811
    code, _, err = run("classify", "nothing.csv", "--metrics", path)
    assert code == 2 and ("cannot be written" in err or "is a folder" in err)
