"""`elman inspect`, for every kind of model file."""

from __future__ import annotations

import importlib
import json
import re

import numpy as np
import pytest

import elman as el
from elman import commands
from tests.cli.test_cli import QUICK, run  # noqa: F401

TITLES = ["What it is", "Units", "Gradient flow", "Memory", "Jacobians", "Fixed points", "Lyapunov exponents"]


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(importlib.import_module("elman.insight.report"), "LYAPUNOV_STEPS", 100)


def check(folder, pictures=5):
    """The page is whole and asks for nothing from elsewhere; the numbers have the sections' names."""
    page, numbers = (folder / "report.html").read_text(), json.loads((folder / "report.json").read_text())
    assert list(numbers["sections"]) == TITLES
    assert page.count('<figure class="chart') > pictures and "<code>elman inspect " in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    return numbers["sections"]


def test_a_network_with_random_inputs(run, tmp_path):  # noqa: F811
    net = el.Network(2, [el.LSTM(5), el.Dense(1)])
    file = net.save(tmp_path / "net.safetensors")
    before = file.read_bytes()
    code, out, _ = run("inspect", "net.safetensors")
    assert code == 0 and "standard normal inputs" in out and "Written to inspect-net" in out
    found = check(tmp_path / "inspect-net")
    assert len(found["Lyapunov exponents"]["exponents"]) == 10  # of h and c
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["x.csv", "x.npy"])
def test_a_network_with_data(run, tmp_path, name):  # noqa: F811
    el.Network(2, [el.GRU(4, return_sequences=False), el.Dense(1)]).save(tmp_path / "net.safetensors")
    x = np.random.default_rng(0).normal(size=(60, 2)).round(6)
    if name == "x.npy":
        np.save(tmp_path / name, x)
    else:
        np.savetxt(tmp_path / name, x, delimiter=",", header="a,b", comments="")
    code, out, _ = run("inspect", "net.safetensors", "--data", name, "--out", "o")
    assert code == 0 and f"sequences of {name}" in out
    assert check(tmp_path / "o")["What it is"]["shape"] == [8, 30, 2]


def test_a_forecaster_and_a_language_model(run, tmp_path):  # noqa: F811
    run("forecast", "sunspots", "--horizon", 5, *QUICK)
    code, out, _ = run("inspect", "forecast-sunspots/model.safetensors")
    assert code == 0 and "the series that it was trained on" in out
    check(tmp_path / "inspect-forecast-sunspots")
    text = "tick tock goes the clock\n" * 40
    (tmp_path / "clock.txt").write_text(text)
    el.LanguageModel(units=6, steps=8, streams=4, epochs=1).fit(text, verbose=0).save(tmp_path / "clock.safetensors")
    code, out, _ = run("inspect", "clock.safetensors", "--data", "clock.txt")
    assert code == 0 and "pieces of clock.txt" in out
    check(tmp_path / "inspect-clock")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.safetensors"], "there is no model file"),
        (["dense.safetensors"], "no recurrent layer"),
        (["net.safetensors", "--data", "one.csv"], r"expects \(T, 2\)"),
        (["net.safetensors", "--data", "words.csv"], "no column of numbers"),
        (["net.safetensors", "--data", "gaps.csv"], "missing or infinite"),
        (["net.safetensors", "--data", "one.csv", "--group", "a"], "takes one series: --where"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, arguments, message):  # noqa: F811
    el.Network(2, [el.GRU(3)]).save(tmp_path / "net.safetensors")
    el.Network(2, [el.Dense(3)]).save(tmp_path / "dense.safetensors")
    (tmp_path / "one.csv").write_text("a\n1\n2\n3\n")
    (tmp_path / "words.csv").write_text("a\nx\ny\n")
    (tmp_path / "gaps.csv").write_text("a,b\n1,2\n,3\n4,5\n")
    code, out, err = run("inspect", *arguments)
    assert code == 2 and not out and err.count("\n") == 1
    assert re.search(message, err)
    assert not list(tmp_path.glob("inspect-*"))


def test_a_large_network_is_looked_at_without_its_jacobians():
    found = el.insight.report(el.Network(1, [el.GRU(300)]), np.zeros((1, 5, 1)))
    assert [section.title for section in found.sections] == ["What it is", "Units", "Dynamics"]


def test_a_graph_of_layers_with_several_inputs(tmp_path, monkeypatch):
    def aligned(source, target):
        memory = el.GRU(2)(source)
        h = el.GRU(2)(target, state=memory.final)
        return el.Dense(1)(h + el.attend(h, memory))

    monkeypatch.chdir(tmp_path)
    el.Network(aligned, inputs={"source": 2, "target": 1}).save("graph.safetensors")
    np.savez("data.npz", source=np.ones((2, 5, 2)), target=np.ones((2, 3, 1)))
    found = commands.inspect_model("graph.safetensors", "data.npz")
    assert found.report.sections[0].numbers["shape"] == {"source": [2, 5, 2], "target": [2, 3, 1]}
    assert any(section.title == "Memory of h" for section in found.report.sections)
    np.savez("data.npz", source=np.ones((2, 5, 2)))
    for data, message in (("data.npz", "holds source; expected source, target"), ("x.csv", "expected a .npz file")):
        with pytest.raises(el.DataError, match=message):
            commands.inspect_model("graph.safetensors", data)


def test_a_classifier_with_cases_of_a_table_and_with_random_inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{case},{t},{t * (-1) ** case},{case}" for case in range(8) for t in range(12 - case)]
    (tmp_path / "cases.csv").write_text("\n".join(["id,t,x,y", *rows]))
    model = el.SequenceClassifier(units=2, epochs=1, convolution=None, bidirectional=False, members=1)
    model.fit("cases.csv", ["up", "down"] * 4, group="id", time="t").save("model.safetensors")
    found = commands.inspect_model("model.safetensors", "cases.csv").report.sections
    assert found[0].numbers["shape"] == [4, 9, 2] and "cases of cases.csv" in found[0].text
    assert "standard normal inputs" in commands.inspect_model("model.safetensors").report.sections[0].text
    (tmp_path / "other.csv").write_text("id,t,z\n1,0,3\n1,1,4\n")
    with pytest.raises(el.ElmanError, match="channel"):
        commands.inspect_model("model.safetensors", "other.csv")
