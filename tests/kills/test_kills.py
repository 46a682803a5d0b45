"""A few of the kills that `make kills` makes a hundred of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="works are forked processes")
def test_what_is_killed_goes_on_to_the_same_bits():
    words = [sys.executable, "-m", "tests.kills.run", "--kills", "2", "--only", "plain", "elman_forecast"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("'kills': ") == 2
