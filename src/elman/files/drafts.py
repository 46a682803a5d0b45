"""Drafts: what is not whole yet, under names that say which process makes it, so that what a dead one left is swept."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from elman.files.owners import PATTERN, Owner, here

_NAME = re.compile(rf"\.elman-({PATTERN})-[0-9a-f]{{12}}\.(part|lock)(\.wal|\.tmp)?")  # the last two are DuckDB's
_BESIDE = ("", ".wal", ".tmp")
DAYS_OF_STRANGERS = 7  # since a process of another machine, of which nothing is known, has touched its draft
MANY = 1000  # names; a folder that has more is looked through less often, for a twentieth of the time
_IGNORED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # by file systems that cannot sync

_mine: set[str] = set()  # names that this process uses
_due: dict[str, float] = {}  # when a folder with many names is looked through again


def hidden(folder: Path, kind: str = "part") -> Path:
    """A name in a folder that nothing else has, and that says whose it is."""
    return folder / f".elman-{here()}-{secrets.token_hex(6)}.{kind}"


@contextmanager
def draft(folder: Path) -> Iterator[Path]:
    """A place in a folder for a file, or a folder, in the making; what is there at the end is taken away.

    What dead processes left in the folder is swept first.
    """
    sweep(folder)
    path = hidden(folder)
    with held(path):
        try:
            yield path
        finally:
            remove(path)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep a hidden name of this process from being swept by it."""
    _mine.add(path.name)
    try:
        yield
    finally:
        _mine.discard(path.name)


def sweep(folder: Path) -> None:
    """Take away what dead processes left in a folder: drafts that were never whole, and locks.

    Of a process of another machine, or another container, nothing tells whether it runs: its drafts go when nobody
    has touched them for a week, its locks never.
    """
    begun = time.monotonic()
    if begun < _due.get(str(folder), 0.0):
        return
    try:
        with os.scandir(folder) as entries:
            names = list(entries)
            left = [Path(e.path) for e in names if e.name.startswith(".elman-") and _is_left(e)]
    except OSError:
        return  # whoever writes here will say so
    if len(names) > MANY:
        now = time.monotonic()
        _due[str(folder)] = now + 20 * (now - begun)
    for path in left:
        _remove(path)


def _is_left(entry: os.DirEntry[str]) -> bool:
    found = _NAME.fullmatch(entry.name)
    if found is None or entry.name.removesuffix(found[7] or "") in _mine:
        return False
    owner = Owner.of(found[1])
    assert owner is not None
    if owner.is_here:
        return owner == here() or owner.is_dead  # of this process, where it could not be taken away
    try:
        age = time.time() - entry.stat(follow_symlinks=False).st_mtime
    except OSError:
        return False
    return found[6] == "part" and age > DAYS_OF_STRANGERS * 86400


def owner_of(name: str) -> Owner | None:
    """Whose a hidden name is; None of what is no draft and no lock."""
    found = _NAME.fullmatch(name)
    return found and Owner.of(found[1])


def remove(path: Path) -> None:
    """Take a draft away, with what DuckDB has put beside it; what cannot be taken away is swept later."""
    for ending in _BESIDE:
        _remove(path.with_name(path.name + ending))


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


# --- what is on the disk, and not only on its way there -------------------------------------------------------


def write_through(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; it is on the disk when this returns."""
    with path.open("xb") as file:  # made by open, so that its permissions are those of any other new file
        file.write(content)
        file.flush()
        _sync(file.fileno())


def sync_file(path: Path) -> None:
    """Have on the disk what was written to a file."""
    number = os.open(path, os.O_RDWR)
    try:
        _sync(number)
    finally:
        os.close(number)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on the disk, where the system can."""
    if os.name == "nt":
        return
    try:
        number = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except PermissionError:  # a folder that may be written and not read
        return
    try:
        _sync(number)
    finally:
        os.close(number)


def _sync(number: int) -> None:
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in _IGNORED:
            raise
