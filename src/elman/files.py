"""Files and folders that are there whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from elman.errors import OptionError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: a reader finds the old one or the new one, never half of one.

    Raises
    ------
    OptionError
        If it cannot be written; nothing is left behind then.
    """
    draft = _beside(path.parent, path.name)
    try:
        try:
            draft.write_bytes(content)  # made by open, so that its permissions are those of any other new file
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _no_place(path, error) from error


def check_file(path: Path) -> None:
    """Refuse a file that cannot be written, before any work is done; leaves nothing behind.

    Raises
    ------
    OptionError
        Naming the file and what is wrong with it.
    """
    if path.is_dir():
        raise OptionError(f"{path} is a folder; give a file, in it or elsewhere")
    try:
        _try(path.parent)
    except OSError as error:
        raise _no_place(path, error) from error


OUT = "--out (out=... in Python)"  # how most commands are told a folder


def check_writable(folder: Path, names: Iterable[str] = (), *, option: str = OUT) -> None:
    """Refuse a folder that cannot be written, before any work is done; leaves nothing behind.

    Parameters
    ----------
    folder : Path
        Need not be there yet.
    names : iterable of str
        Of the files that will be written into it.
    option : str
        How the caller is told another folder.

    Raises
    ------
    OptionError
        Naming the folder and what is wrong with it.
    """
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"the output {folder} is a file; give a folder with {option}")
    taken = next((name for name in names if (folder / name).is_dir()), None)
    if taken is not None:
        raise OptionError(
            f"{folder / taken} is a folder, where a file is to be written; remove it, or give another with {option}"
        )
    try:
        _try(folder if folder.exists() else _nearest(folder))
    except OSError as error:
        raise _refusal(folder, error, option) from error


def write_folder(folder: Path, files: Mapping[str, Callable[[Path], Any] | None], *, option: str = OUT) -> None:
    """Write files into a folder, all of them or none.

    In a folder that exists, files of these names are replaced, and put back if one of them cannot be; all else is left
    alone.

    Parameters
    ----------
    folder : Path
        Made if it is not there, with its parents.
    files : mapping of str to function
        For each name, a function that writes the file at the path it is given; None takes an old file of that name
        away.
    option : str
        How the caller is told another folder.

    Raises
    ------
    OptionError
        If a file cannot be written: no room, no permission.
    """
    exists, draft = folder.exists(), None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = _beside(folder if exists else folder.parent, "elman")
        draft.mkdir()
        for name, write in files.items():
            if write is not None:
                write(draft / name)
        if exists:
            _put(draft, folder, list(files))
        else:
            os.rename(draft, folder)
    except OSError as error:
        raise _refusal(folder, error, option) from error
    except OptionError as error:
        if isinstance(error.__cause__, OSError):  # of `write_whole`: name the folder, not the draft
            raise _refusal(folder, error.__cause__, option) from error
        raise
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def reason(error: OSError) -> str:
    """Why a file cannot be written, in words."""
    return error.strerror or str(error) or type(error).__name__


def _put(draft: Path, folder: Path, names: list[str]) -> None:
    """Move files from a draft into a folder; if one cannot be moved, everything is as it was before."""
    old = draft / ".old"
    old.mkdir()
    for name in names:
        if (folder / name).exists():
            _keep(folder / name, old / name)
    try:
        for name in names:
            if (draft / name).exists():
                os.replace(draft / name, folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
    except BaseException:  # Ctrl-C too
        for name in names:
            if (old / name).exists():
                os.replace(old / name, folder / name)
            elif not (draft / name).exists():
                (folder / name).unlink(missing_ok=True)
        raise


def _keep(file: Path, copy: Path) -> None:
    """A second name for a file, or a copy where the file system has one name for each."""
    try:
        os.link(file, copy)
    except OSError:
        shutil.copy2(file, copy)


def _try(folder: Path) -> None:
    trial = _beside(folder, "elman")
    trial.mkdir()
    trial.rmdir()


def _beside(folder: Path, name: str) -> Path:
    """A hidden name that nothing else has."""
    return folder / f".{name}.{secrets.token_hex(6)}.part"


def _nearest(path: Path) -> Path:
    """The first of its parents that exists."""
    return next(p for p in path.absolute().parents if p.exists())


def _no_place(path: Path, error: OSError) -> OptionError:
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return OptionError(f"{path} cannot be written: there is no folder {path.parent}; make it, or choose another")
    return OptionError(f"{path} cannot be written: {reason(error)}; choose another place")


def _refusal(folder: Path, error: OSError, option: str) -> OptionError:
    return OptionError(f"the folder {folder} cannot be written: {reason(error)}. Give another with {option}")
