"""Memory does not grow with calls and networks: the short version of ``make soak``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elman.engine import native_available


@pytest.mark.skipif(not native_available() or sys.platform == "win32", reason="no native engine, or no resource module")
def test_memory_stays_as_it_is():
    command = [sys.executable, "-m", "tests.engine.soak", "60000", "300"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
