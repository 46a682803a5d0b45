"""What the documentation shows is so: README's code runs, the printed plan is the plan, docstring examples hold."""

from __future__ import annotations

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


def test_the_guide_to_insight_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs/insight.md").read_text(), re.S):
        exec(compile(block, "docs/insight.md", "exec"), names)


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


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples_hold(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(
        importlib.import_module(module), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert failed == 0
