"""A signal ends any native call within a moment, and leaves nothing half done; see `signal_calls`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elman.engine import native_available

pytestmark = [
    pytest.mark.skipif(not native_available(), reason="the native engine is not built"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timers that send signals"),
]


ALONE = "many_rows one_long_row large_products gradients training stream generation ctrl_c".split()


@pytest.mark.parametrize(("threads", "calls"), [(1, ALONE), (2, [])], ids=["alone", "two threads"])
def test_what_the_handler_of_a_signal_raises_ends_every_native_call(threads, calls):
    """All calls with two threads; with one those in which it may be the one that looks."""
    command = [sys.executable, "-m", "tests.engine.signal_calls", str(threads), *calls]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
