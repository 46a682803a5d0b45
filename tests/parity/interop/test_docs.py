"""The documentation's code that needs another framework runs, with every package that is named behind ```python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.parity
PAGE = Path(__file__).parents[3] / "docs" / "interop.md"
BLOCKS = re.findall(r"```python (\w+)\n(.*?)```", PAGE.read_text(), re.S)


@pytest.mark.parametrize("peer", sorted({peer for peer, _ in BLOCKS}))
def test_blocks_run(peer, tmp_path, monkeypatch):
    pytest.importorskip(peer)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in (block for name, block in BLOCKS if name == peer):
        exec(compile(block, str(PAGE), "exec"), names)


def test_each_framework_has_some():
    assert {peer for peer, _ in BLOCKS} >= {"torch", "keras", "jax", "onnx"}
