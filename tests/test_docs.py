"""What the documentation shows is so: README's code runs, the printed plan is the plan, docstring examples hold."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import elman
from elman.cells import simple
from elman.engine.describe import describe
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.training.losses import resolve_loss

ROOT = Path(__file__).parent.parent
MODULES = [
    m.name
    for m in pkgutil.walk_packages(elman.__path__, "elman.")
    if "_native" not in m.name and "__main__" not in m.name
]


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S))
def test_readme_blocks_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})


GUIDES = [
    f"docs/{name}.md"
    for name in (
        "cells insight forecasting classify language interop distributed streams sweep fleet datasets resume "
        "watching faults lab"
    ).split()
]


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_run(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", (ROOT / guide).read_text(), re.S):
        exec(compile(block, guide, "exec"), names)


def test_the_plan_in_architecture_is_the_plan():
    graph = simple.trace().bind([1], 4)
    offsets, start = {}, 0
    for name in graph.parameters:
        offsets[name] = start
        start += graph.shape(name)[0] * (graph.shape(name) + (1,))[1]
    loss = LossSpec(resolve_loss("mse").cell.trace().bind([4, 4], None))
    plan = schedule([LayerSpec("0", graph, offsets)], 1, start, loss)
    shown = re.search(r"<!-- plan of.*?```text\n(.*?)\n```", (ROOT / "ARCHITECTURE.md").read_text(), re.S)
    assert shown[1] == describe(plan, {v: k for k, v in offsets.items()})


POINTER = re.compile(r"(?<![\w./-])(?:el|elman)(?:\.[A-Za-z_]\w*)+")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.ipynb"), *ROOT.glob("src/elman/**/*.md")]


def strings(file: Path) -> str:
    """All texts of a module: docstrings and messages."""
    tree = ast.parse(file.read_text())
    return "\n".join(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def leads_somewhere(pointer: str) -> bool:
    found: object = elman
    for depth, name in enumerate(pointer.split(".")[1:], 2):
        if not hasattr(found, name):
            try:
                importlib.import_module(module := ".".join(["elman", *pointer.split(".")[1:depth]]))
            except ModuleNotFoundError as error:  # what needs another framework is there without it, too
                return error.name != module and pointer == module
        found = getattr(found, name)
    return True


@pytest.mark.parametrize("file", [*(ROOT / "src/elman").rglob("*.py"), *PAGES], ids=lambda f: str(f.relative_to(ROOT)))
def test_every_name_of_elman_that_a_text_points_to_is_there(file):
    text = strings(file) if file.suffix == ".py" else file.read_text()
    assert [p for p in POINTER.findall(text) if not leads_somewhere(p)] == []


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples_hold(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        found = importlib.import_module(module)
    except ImportError as error:  # half of a conversion, which needs the other framework
        pytest.skip(str(error))
    failed, _ = doctest.testmod(found, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
