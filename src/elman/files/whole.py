"""Files that are there whole or not at all: written beside their place, brought to the disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from pathlib import Path

from elman.errors import OptionError
from elman.files.drafts import draft, sync_folder, write_through
from elman.files.refusals import of_file, real

_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: a reader finds the old one or the new one, never half of one, also after the power has failed.

    As editors do it: a symbolic link stays, and the file that it leads to is replaced; the new file has the permissions
    of the old one, and a file that may not be written is left alone. Other names of the old file (hard links) keep it.
    A pipe, a terminal and the like are written to as they are.

    Raises
    ------
    OptionError
        If it cannot be written; nothing is left behind then.
    """
    try:
        if _is_stream(path):
            _write_stream(path, content)
            return
        place = target_of(path)
        with draft(place.parent) as made:
            write_through(made, content)
            keep_mode(place, made)
            os.replace(made, place)
            sync_folder(place.parent)
    except OSError as error:
        raise of_file(path, error) from error


def check_file(path: Path) -> None:
    """Refuse a file that cannot be written, before any work is done; leaves nothing behind.

    Raises
    ------
    OptionError
        Naming the file and what is wrong with it.
    """
    try:
        if path.is_dir():
            raise OptionError(f"{path} is a folder; give a file, in it or elsewhere")
        if _is_stream(path):
            return
        place = target_of(path)
        with contextlib.suppress(FileNotFoundError):
            os.lstat(place)  # says what is wrong with the name
        with draft(place.parent) as trial:
            trial.open("xb").close()
    except OSError as error:
        raise of_file(path, error) from error


def target_of(path: Path) -> Path:
    """The file that is replaced: what links lead to, which need not be there yet.

    Raises
    ------
    OSError
        If links lead in a circle, or there is something that may not be written, or cannot be replaced.
    """
    place = real(path)
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if os.path.lexists(place):
        if not stat.S_ISREG(os.stat(place).st_mode):
            raise OSError(errno.EINVAL, "it is there and is no file")
        check_may_be_written(place)
    return place


def check_may_be_written(file: Path) -> None:
    """Raise `OSError` of a file that may not be written: to replace it, only its folder would be asked."""
    file.open("r+b").close()


def keep_mode(old: Path, new: Path) -> None:
    """Give a file the permissions of the one that it will replace, if there is one."""
    with contextlib.suppress(OSError):
        os.chmod(new, stat.S_IMODE(os.stat(old).st_mode))


# --- what is no file ------------------------------------------------------------------------------------------


def _number(path: Path) -> int | None:
    """Of an open file of this process, as `/dev/stdout`."""
    name = os.path.normpath(path)
    found = _NUMBERED.fullmatch(name)
    return int(found[1]) if found else _STREAMS.get(name)


def _is_stream(path: Path) -> bool:
    """Whether it takes what is written and keeps no file of it."""
    real(path)  # refuses what is no path
    if _number(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _write_stream(path: Path, content: bytes) -> None:
    number = _number(path)
    if number is None:
        with path.open("wb", buffering=0) as stream:
            _write_all(stream.fileno(), content)
        return
    for shown in (sys.stdout, sys.stderr):  # what was printed comes first
        if shown is not None:
            shown.flush()
    _write_all(number, content)


def _write_all(number: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(number, left[: 1 << 20]) :]
