"""A JSON file that is there whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from elman.errors import OptionError


def check_file(file: Path) -> None:
    """Refuse a file that cannot be written, before any work is done.

    Raises
    ------
    OptionError
        Naming the file and what is wrong with it.
    """
    if file.is_dir():
        raise OptionError(f"{file} is a folder; give a file for the figures, as {file / 'bench.json'}")
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise OptionError(f"{file} cannot be written: {error.strerror}; choose another place") from error


def write_json(file: Path, value: Any) -> None:
    """Write a value beside its place, then rename."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        beside.write_text(json.dumps(value, indent=1) + "\n")
        os.replace(beside, file)
    except OSError as error:
        raise OptionError(f"{file} cannot be written: {error.strerror}; choose another place") from error
    finally:
        beside.unlink(missing_ok=True)
