"""What is said of files and folders that cannot be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from elman.errors import OptionError

OUT = "--out (out=... in Python)"  # how most commands are told a folder


def reason(error: OSError) -> str:
    """Why a file cannot be written, in words."""
    if error.errno == errno.EBUSY:
        return f"{error.strerror} (what is mounted by itself cannot be replaced: mount its folder)"
    return error.strerror or str(error) or type(error).__name__


def real(path: Path) -> Path:
    """A path without links.

    Raises
    ------
    OptionError
        If no system can have such a path.
    """
    if "\0" in str(path):
        raise OptionError(f"{str(path)!r} cannot be written or read: a path has no zero character; choose another")
    return Path(os.path.realpath(path))


def of_file(path: Path, error: OSError) -> OptionError:
    """The error of a file."""
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return OptionError(f"{path} cannot be written: there is no folder {path.parent}; make it, or choose another")
    return OptionError(f"{path} cannot be written: {reason(error)}; choose another place")


def of_folder(folder: Path, error: OSError, option: str) -> OptionError:
    """The error of a folder, which the caller is told by an option."""
    return OptionError(f"the folder {folder} cannot be written: {reason(error)}. Give another with {option}")
