"""The documentation's code that needs another framework runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.parity
PAGE = Path(__file__).parents[3] / "docs" / "interop.md"


def test_blocks_that_need_pytorch_run(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    blocks = re.findall(r"```python torch\n(.*?)```", PAGE.read_text(), re.S)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
