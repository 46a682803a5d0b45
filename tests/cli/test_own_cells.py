"""A file of equations stands where the name of a cell does."""

from __future__ import annotations

import json

import pytest

import elman as el

MINE = "def mine(p, x, h):\n    f = sigmoid(p.W_f @ x + p.b_f)\n    return (1 - f) * h + f * tanh(p.W @ x + p.U @ h)\n"
SHORT = ["--task", "adding", "--steps", 5, "--updates", 10, "--seeds", 1, "--units", 3]


@pytest.fixture
def here(elman, tmp_path):
    (tmp_path / "mine.txt").write_text(MINE)
    (tmp_path / "bad.txt").write_text(MINE.replace("tanh", "tahn"))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    return elman


def test_compare_one_with_those_of_the_collection(here):
    code, out, _ = here("compare", "--cells", "mine.txt, gru", *SHORT, "--json")
    assert code == 0
    assert {each["cell"] for each in json.loads(out)["results"]} == {"mine", "gru"}


def test_forecast_with_one(here, tmp_path):
    quick = ("--horizon", 2, "--origins", 2, "--units", 3, "--epochs", 1, "--members", 1, "--methods", "network")
    code, _, err = here("forecast", "sunspots", "--cell", "mine.txt", *quick, "--out", "out")
    assert code == 0, err
    assert el.load(tmp_path / "out" / "model.safetensors").cell.name == "mine"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("bad.txt", "bad.txt: line 3, column 30: there is no function tahn (did you mean 'tanh'?)"),
        ("none.txt", "the equations of a cell cannot be read from none.txt: No such file"),
        ("picture.png", "the equations of a cell cannot be read from picture.png: it is no text in UTF-8"),
        ("./", "the equations of a cell cannot be read from ."),
    ],
)
def test_what_is_no_cell(here, file, said):
    for command in (
        ["compare", "--cells", f"gru,{file}", *SHORT],
        ["forecast", "sunspots", "--horizon", 2, "--cell", file],
    ):
        code, out, err = here(*command)
        assert code != 0 and said in out + err
        assert "Traceback" not in out + err
