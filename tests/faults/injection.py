"""Faults on demand: the k-th call to the system of what writes fails, with an error of one's choice."""

from __future__ import annotations

import builtins
import errno
import io
import os
from contextlib import contextmanager

ERRORS = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.EDQUOT)
CALLS = ("open", "fsync", "replace", "rename", "mkdir", "link", "unlink", "rmdir", "write", "chmod")
NEEDS_ROOM = {"open to write", "write", "fsync", "mkdir", "link", "close"}  # what a full disk refuses


class Faults:
    """Counts calls, and has one of them fail, or also all later ones that need room.

    Parameters
    ----------
    at : int
        Which, from 0.
    number : int
        Of the error.
    lasting : bool
        Whether it stays so: the disk is full.
    """

    def __init__(self, at: int, number: int, lasting: bool = False):
        self.at, self.number, self.lasting = at, number, lasting
        self.calls: list[str] = []
        self.fired = ""

    def meet(self, what: str) -> None:
        self.calls.append(what)
        here = len(self.calls) - 1
        if here == self.at or (self.lasting and self.fired and what in NEEDS_ROOM):
            self.fired = self.fired or what
            raise OSError(self.number, os.strerror(self.number))


class File:
    """A file whose writing may fail."""

    def __init__(self, file, faults: Faults):
        self._file, self._faults = file, faults

    def write(self, content):
        self._faults.meet("write")
        return self._file.write(content)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        self._faults.meet("write")
        self._file.flush()

    def close(self):
        if self._file.closed:
            return
        try:
            self._faults.meet("close")
        finally:
            self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        return iter(self._file)

    def __getattr__(self, name):
        return getattr(self._file, name)


@contextmanager
def failing(monkeypatch, faults: Faults):
    """Have the calls of this context fail."""
    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, _counted(getattr(os, name), name, faults))
        opened = _opened(builtins.open, faults)
        patch.setattr(builtins, "open", opened)
        patch.setattr(io, "open", opened)
        yield faults


def _counted(call, name, faults):
    def counted(*given, **named):
        if name == "open":
            flags = given[1] if len(given) > 1 else named.get("flags", 0)
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not writes and not flags & getattr(os, "O_DIRECTORY", 0):
                return call(*given, **named)
            faults.meet("open to write" if writes else "open")
        elif name == "write" and given[0] <= 2:
            pass  # what is printed
        else:
            faults.meet(name)
        return call(*given, **named)

    return counted


def _opened(call, faults):
    def opened(file, mode="r", *given, **named):
        if not set(mode) & set("wxa+"):
            return call(file, mode, *given, **named)
        faults.meet("open to write")
        return File(call(file, mode, *given, **named), faults)

    return opened
