"""NumPy's files, as anybody may have made them: no objects, and no more memory than they have bytes."""

from __future__ import annotations

import io
import math
import os
import tokenize
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import shown
from elman.data.packed import BROKEN, read_within
from elman.errors import DataError

MAGIC = b"\x93NUMPY"
_KINDS = "biufcUSMm"  # of values that are no objects and no records
_WRONG = (*BROKEN, KeyError, TypeError, AttributeError, SyntaxError, RecursionError, RuntimeError, OverflowError)
_WRONG_TOO = (tokenize.TokenError, zipfile.LargeZipFile)


def read_npy(path: Path) -> np.ndarray:
    """The array of a file ``.npy``.

    Raises
    ------
    DataError
        If it is none, holds objects, or is shorter than its header says: nothing is read before that was looked at.
    """
    try:
        with path.open("rb") as file:
            return _array(file, path.stat().st_size, str(path))
    except (*_WRONG, *_WRONG_TOO) as error:
        raise _unreadable(path, error) from error


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file ``.npz``, by name; see `read_npy`."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name.removesuffix(".npy"): _member(archive, name, path) for name in names}
    except (*_WRONG, *_WRONG_TOO) as error:
        raise _unreadable(path, error) from error


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    with archive.open(name) as file:
        data = read_within(file, path.stat().st_size, path)
    return _array(io.BytesIO(data), len(data), f"{name} in {path}")


def _unreadable(path: Path, error: Exception) -> DataError:
    return error if isinstance(error, DataError) else DataError(f"{path} cannot be read as an array: {error}")


def _array(file: Any, size: int, name: str) -> np.ndarray:
    shape, dtype = _header(file)
    if dtype.hasobject:
        raise DataError(f"{name} holds objects, which could run code when it is opened; save arrays of numbers")
    if dtype.kind not in _KINDS or not dtype.itemsize:
        raise DataError(f"{name} holds values of type {shown(dtype)}; expected numbers or texts")
    there, promised = size - file.tell(), math.prod(shape) * dtype.itemsize
    if promised > there:
        raise DataError(f"{name} has {there} bytes of values, and its header promises {promised}; get it again")
    file.seek(0, os.SEEK_SET)
    found: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return found


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype, and what follows in the file are the values."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    else:  # of 3.0 the names of fields differ, which are refused
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    return shape, dtype
