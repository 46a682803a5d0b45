"""A folder of results that is there whole or not at all: written beside its place, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from elman.errors import OptionError


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written, before any work is done; leaves nothing behind.

    Raises
    ------
    OptionError
        Naming the folder and what is wrong with it.
    """
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"the output {folder} is a file; give a folder with --out (out=... in Python)")
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".elman-", dir=folder if folder.exists() else _nearest(folder)))
    except OSError as error:
        raise _refusal(folder, error) from error


def write_folder(folder: Path, files: Mapping[str, Callable[[Path], Any]]) -> None:
    """Write files into a folder, all of them or none.

    In a folder that exists, files of these names are replaced, each by renaming; all else is left alone.

    Parameters
    ----------
    folder : Path
        Made if it is not there, with its parents.
    files : mapping of str to function
        For each name, a function that writes the file at the path it is given.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".elman-", dir=folder if folder.exists() else folder.parent))
    except OSError as error:
        raise _refusal(folder, error) from error
    try:
        for name, write in files.items():
            write(draft / name)
        _put(draft, folder)
    except OSError as error:
        raise _refusal(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, folder: Path) -> None:
    if not folder.exists():
        draft.chmod(0o777 & ~_umask())  # a temporary folder is its owner's alone
        os.rename(draft, folder)
        return
    for file in sorted(draft.iterdir()):
        os.replace(file, folder / file.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _nearest(path: Path) -> Path:
    """The first of its parents that exists."""
    return next(p for p in path.absolute().parents if p.exists())


def _refusal(folder: Path, error: OSError) -> OptionError:
    return OptionError(
        f"the folder {folder} cannot be written: {error.strerror}. Give another with --out (out=... in Python)"
    )
