"""Running `elman` in a folder of its own."""

from __future__ import annotations

import sys

import pytest

from elman.cli import main


@pytest.fixture
def elman(tmp_path, monkeypatch, capsys):
    """Run `elman ...` in an empty folder: exit code, stdout, stderr."""

    def call(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["elman", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return call
