"""Folders whose files are of one run: all of them are written, or none, whenever a process is killed.

A folder that is not there is written beside its place and renamed; files in one that is there are replaced by a journal
(`elman.files.journal`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from elman.errors import OptionError
from elman.files.drafts import draft, sync_file, sync_folder
from elman.files.journal import NEW, finish, is_unfinished, replace
from elman.files.locks import Writing, is_held, one_thread
from elman.files.refusals import OUT, of_folder, real

_SECONDS = 10.0  # to wait for another process that moves its files into the folder

Write = Callable[[Path], Any]


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
    try:
        if folder.exists() and not folder.is_dir():
            raise OptionError(f"the output {folder} is a file; give a folder with {option}")
        taken = next((name for name in names if (folder / name).is_dir()), None)
        if taken is not None:
            raise OptionError(
                f"{folder / taken} is a folder, where a file is to be written; remove it, or give another with {option}"
            )
        place = real(folder)
        with draft(place if place.exists() else _nearest(place)) as trial:
            trial.mkdir()
    except OSError as error:
        raise of_folder(folder, error, option) from error


def write_folder(folder: Path, files: Mapping[str, Write | None], *, option: str = OUT) -> None:
    """Write files into a folder, all of them or none.

    In a folder that exists, files of these names are replaced, and put back if one of them cannot be; all else is left
    alone. A file of such a name that is a symbolic link is replaced itself.

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
        If a file cannot be written: no room, no permission; or if another process writes the folder.
    """
    try:
        place = real(folder)
        if place.is_dir():
            _write_into(place, files, option)
        else:
            _write_new(place, files, option)
    except OSError as error:
        raise of_folder(folder, error, option) from error
    except OptionError as error:
        if isinstance(error.__cause__, OSError):  # of `write_whole`: name the folder, not the draft
            raise of_folder(folder, error.__cause__, option) from error
        raise


def settle(folder: Path) -> None:
    """Finish the replacement of files in a folder, if a process that did so was killed.

    Raises
    ------
    OptionError
        If that cannot be done.
    """
    place = real(folder)
    if not is_unfinished(place):
        return
    try:
        with Writing(place, "finishing what was stopped", wait=_SECONDS):  # which does it
            pass
    except OptionError as error:
        if is_unfinished(place):  # and not finished by the other one meanwhile
            raise OptionError(
                f"the folder {folder} holds files of two runs: the later one was stopped while it replaced them, and "
                f"that cannot be finished now. {error}"
            ) from error


# --- writing --------------------------------------------------------------------------------------------------


def _write_new(place: Path, files: Mapping[str, Write | None], option: str) -> None:
    missing = [folder for folder in reversed(place.parents) if not folder.exists()]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft(place.parent) as made:
            made.mkdir()
            _fill(made, files)
            try:
                os.rename(made, place)
            except OSError:
                if not place.is_dir():
                    raise
            else:
                sync_folder(place.parent)
                return
    except BaseException:
        for folder in reversed(missing):
            with suppress(OSError):
                folder.rmdir()
        raise
    _write_into(place, files, option)  # another process was faster, and made the folder


def _write_into(place: Path, files: Mapping[str, Write | None], option: str) -> None:
    with draft(place) as made:
        made.mkdir()
        (made / NEW).mkdir()
        _fill(made / NEW, files)
        with ExitStack() as stack:
            if not is_held(place):
                stack.enter_context(Writing(place, "writing files", option=option, wait=_SECONDS))
            stack.enter_context(one_thread())
            finish(place)
            replace(made, place, list(files))


def _fill(made: Path, files: Mapping[str, Write | None]) -> None:
    """Write the files; all of them, and their names, are on the disk then."""
    for name, write in files.items():
        if write is not None:
            write(made / name)
            sync_file(made / name)
    sync_folder(made)


def _nearest(path: Path) -> Path:
    """The first of its parents that exists."""
    return next(p for p in path.absolute().parents if p.exists())
