"""Stores: arrays that may lie in a file, of which rows are read when they are asked for."""

from __future__ import annotations

import contextlib
import mmap
from typing import Any, Protocol

import numpy as np

from elman.checks import numbers, shown
from elman.data.datasets.behind import as_slice, behind
from elman.errors import DataError, ShapeError


class Store(Protocol):
    """An array of which rows can be read.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    file : str
        Where it lies; empty in memory, or where that is not known.
    at_random : bool
        Whether rows in any order are read about as fast as neighbours.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    file: str
    at_random: bool

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Some rows in memory of their own, in the order that is given."""


class Held:
    """An array in memory, or what can be made one."""

    file, at_random = "", True

    def __init__(self, given: Any, name: str):
        self._array = numbers(given, name)
        self.shape, self.dtype = self._array.shape, self._array.dtype

    def read(self, rows: np.ndarray) -> np.ndarray:
        return self._array[as_slice(rows)]


class Mapped:
    """A memory map, or a view of one.

    Pages of a map count as this process's memory for as long as the system likes. So rows are read from the file that
    is mapped, into memory of their own; where that cannot be done, they are copied from the map, whose pages are then
    given back if nothing can be lost by it.
    """

    at_random = True

    def __init__(self, given: np.ndarray, owner: np.memmap, name: str):
        if given.dtype.kind not in "fiub":
            raise DataError(f"{name} holds {given.dtype} values; expected numbers")
        self._array = given.view(np.ndarray)
        self.shape, self.dtype = given.shape, given.dtype
        self.file = str(owner.filename or "")
        shared = owner.mode in ("r", "r+", "w+")
        self._pages = owner._mmap if shared else None  # type: ignore[attr-defined]
        self._behind = behind(self._array, owner, self.file) if shared and self.file else None

    def read(self, rows: np.ndarray) -> np.ndarray:
        if self._behind is not None:
            return self._behind.read(rows)
        found = np.array(self._array[as_slice(rows)])
        self._give_back()
        return found

    def _give_back(self) -> None:
        """Have the pages no longer count as ours; nothing of a shared map is lost, as a change of it is the file's."""
        if self._pages is not None and hasattr(mmap, "MADV_DONTNEED"):
            with contextlib.suppress(ValueError, OSError):  # closed, or not ours to advise on
                self._pages.madvise(mmap.MADV_DONTNEED)


class Sliced:
    """What has a shape and a dtype and gives neighbouring rows, as a data set of HDF5 or zarr."""

    at_random = False

    def __init__(self, given: Any, name: str):
        self._given, self._name = given, name
        try:
            self.shape, self.dtype = tuple(int(n) for n in given.shape), np.dtype(given.dtype)
        except (TypeError, ValueError) as error:
            raise DataError(f"{name} is {shown(given)}, of which no shape and type can be known: {error}") from error
        if not self.shape or self.dtype.kind not in "fiub":
            raise DataError(f"{name} holds {self.dtype} values of shape {self.shape}; expected numbers, row after row")
        file = getattr(getattr(given, "file", None), "filename", "")
        self.file = file if isinstance(file, str) else ""

    def read(self, rows: np.ndarray) -> np.ndarray:
        first, end = int(rows.min()), int(rows.max()) + 1
        found = np.asarray(self._given[first:end])
        if found.shape != (end - first, *self.shape[1:]):
            raise ShapeError(
                f"{self._name} says that its shape is {self.shape}, and its rows {first} to {end - 1} have shape "
                f"{found.shape}; expected {(end - first, *self.shape[1:])}"
            )
        if found.dtype.kind not in "fiub":
            raise DataError(f"{self._name} gave {found.dtype} values; expected {self.dtype}, as it says")
        near = as_slice(rows - first)
        return found if isinstance(near, slice) and near == slice(0, len(found)) else found[near]


def store_of(given: Any, name: str) -> Store:
    """What reads the rows of an array, whatever holds it."""
    owner = map_behind(given)
    if owner is not None:
        return Mapped(given, owner, name)
    return Sliced(given, name) if is_sliced(given) else Held(given, name)


def map_behind(given: Any) -> np.memmap | None:
    """The memory map that an array is, or is a view of."""
    held = given if isinstance(given, np.ndarray) else None
    while held is not None:
        if isinstance(held, np.memmap) and getattr(held, "_mmap", None) is not None:
            return held
        held = getattr(held, "base", None)  # an array, or what NumPy holds one by where strides are its own
    return None


def is_sliced(given: Any) -> bool:
    """Whether it is no array, and yet gives rows of one: it has chunks, or cannot be made an array."""
    if isinstance(given, np.ndarray | np.generic) or not all(
        hasattr(given, name) for name in ("shape", "dtype", "__getitem__")
    ):
        return False
    return hasattr(given, "chunks") or not (hasattr(given, "__array__") or hasattr(given, "__array_interface__"))


def lies_elsewhere(given: Any) -> bool:
    """Whether it is to be read a part at a time."""
    return map_behind(given) is not None or is_sliced(given)
