"""The numbers of a text's tokens: in memory, or in a temporary file where they are many."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Self

import numpy as np

from elman.files import close_quietly, temporary
from elman.language.vocabulary import Vocabulary

IN_MEMORY = 1 << 26  # bytes; what is more goes to a file
FEW = 1 << 20  # tokens that are looked at together, about
_WHAT = "the text's numbers"


class Numbers:
    """Whole numbers below a limit, as small as they can be stored; made by `Numbers.of`."""

    def __init__(self, below: int):
        self._dtype = np.min_scalar_type(below - 1)
        self._parts: list[np.ndarray] = []
        self._file: IO[bytes] | None = None
        self._count = 0

    @classmethod
    def of(cls, arrays: Iterable[np.ndarray], below: int) -> Self:
        """Those of arrays that come one by one."""
        made = cls(below)
        for array in arrays:
            made._append(array.astype(made._dtype))
        if made._file is None:
            made._parts = [np.concatenate([np.empty(0, made._dtype), *made._parts])]
        else:
            with temporary(_WHAT):
                made._file.flush()
        return made

    @classmethod
    def of_text(cls, pieces: Iterable[str], vocabulary: Vocabulary) -> Self:
        """The tokens of a text in pieces."""
        return cls.of(map(vocabulary.encode, pieces), len(vocabulary))

    def _append(self, array: np.ndarray) -> None:
        self._count += len(array)
        self._parts.append(array)
        if self._file is None and self._count * self._dtype.itemsize <= IN_MEMORY:
            return
        with temporary(_WHAT):
            if self._file is None:
                self._file = TemporaryFile(prefix="elman-")  # noqa: SIM115 (closed with what holds it)
                weakref.finalize(self, close_quietly, self._file)
            for part in self._parts:
                self._file.write(part.tobytes())
        self._parts = []

    def __len__(self) -> int:
        return self._count

    @property
    def on_disk(self) -> bool:
        """Whether they are in a file. It is read, not mapped, so that memory holds no more of it than is asked for."""
        return self._file is not None

    def read(self, first: int, count: int) -> np.ndarray:
        """Some of them, as int64; fewer at the end."""
        if self._file is None:
            return self._parts[0][first : first + count].astype(np.int64)
        with temporary(_WHAT):
            self._file.seek(first * self._dtype.itemsize)
            found = self._file.read(max(min(count, self._count - first), 0) * self._dtype.itemsize)
        return np.frombuffer(found, self._dtype).astype(np.int64)

    def pieces(self, size: int = FEW) -> Iterator[np.ndarray]:
        """All of them, some at a time."""
        for first in range(0, self._count, size):
            yield self.read(first, size)

    def counted(self, number: int | None) -> int:
        """How often one of them comes."""
        return 0 if number is None else sum(int(np.count_nonzero(piece == number)) for piece in self.pieces())
