"""Slices of time that threads of a training may have."""

from __future__ import annotations

import os
import subprocess
import sys

from elman.lab import standing_back

SHOW = "import os; from elman.lab.standing_back import stand_back; found = stand_back(); print(found, os.nice(0))"


def test_it_changes_neither_what_a_process_may_have_nor_fails():
    found = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True).stdout.split()
    assert found[0] in ("True", "False") and int(found[1]) == os.nice(0)


def test_where_it_cannot_be_had_it_says_so(monkeypatch):
    monkeypatch.setattr(standing_back.platform, "machine", lambda: "another")
    assert standing_back.stand_back() is False
