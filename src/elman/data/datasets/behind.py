"""The file behind a memory map, of which rows are read into memory of their own."""

from __future__ import annotations

import mmap
import os
import weakref

import numpy as np

from elman.errors import DataError


class Behind:
    """Rows of an array in a file.

    Parameters
    ----------
    file : str
    first : int
        Where in it the first row begins, in bytes.
    stride : int
        From the beginning of a row to that of the next, in bytes.
    like : array (N, ...)
        Of the rows' shape and type.
    """

    def __init__(self, file: str, first: int, stride: int, like: np.ndarray):
        self._file, self._first, self._stride, self._like = file, first, stride, like
        self._row_bytes = int(np.prod(like.shape[1:], dtype=np.int64)) * like.itemsize
        self._opened = os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._opened)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Some rows, in the order that is given.

        Raises
        ------
        DataError
            If the file has become shorter, or cannot be read.
        """
        found = np.empty((len(rows), *self._like.shape[1:]), self._like.dtype)
        view = memoryview(found.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        together = isinstance(as_slice(rows), slice) and self._stride == self._row_bytes
        size = len(view) if together else self._row_bytes
        for k, row in enumerate(rows[:1] if together else rows.tolist()):
            self._fill(view[k * size : (k + 1) * size], self._first + int(row) * self._stride, int(row))
        return found

    def _fill(self, buffer: memoryview, place: int, row: int) -> None:
        while len(buffer):
            try:
                count = os.preadv(self._opened, [buffer], place)
            except OSError as error:
                raise DataError(f"{self._file}, row {row} and those behind it: {error.strerror}") from error
            if not count:
                raise DataError(f"{self._file} has become shorter: it ends before row {row} or behind it; get it again")
            buffer, place = buffer[count:], place + count


def behind(array: np.ndarray, owner: np.memmap, file: str) -> Behind | None:
    """What reads the rows of a view of a map from the file; None where they are not in one piece there."""
    pages = getattr(owner, "_mmap", None)
    whole_rows = array.ndim > 0 and array.size > 0 and array[0].flags.c_contiguous and array.strides[0] > 0
    if pages is None or not whole_rows or not hasattr(os, "preadv"):
        return None
    begins = owner.offset - owner.offset % mmap.ALLOCATIONGRANULARITY  # as NumPy maps it
    first = begins + array.ctypes.data - np.frombuffer(pages, np.uint8).ctypes.data
    try:
        found = Behind(file, first, array.strides[0], array[:1])
        ends = np.array([0, len(array) - 1])
        same = found.read(ends).tobytes() == array[ends].tobytes()
    except (OSError, DataError):  # the file was moved since it was mapped
        return None
    return found if same else None


def as_slice(rows: np.ndarray) -> np.ndarray | slice:
    """Neighbours as a slice."""
    first = int(rows[0]) if len(rows) else 0
    follows = len(rows) and int(rows[-1]) - first == len(rows) - 1 and (len(rows) == 1 or (np.diff(rows) == 1).all())
    return slice(first, first + len(rows)) if follows else rows
