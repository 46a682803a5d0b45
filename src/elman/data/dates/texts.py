"""A column of texts, sorted by shape: each text with its digits made 0, so that few shapes stand for many rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

_LONGEST = 80  # no time is longer; what follows is cut, and then read by nothing
_FREQUENT = 500  # shapes; columns of times have fewer
_EMPTY = frozenset(["", "na", "n/a", "nan", "nat", "null", "none"])
_NUMBER = re.compile(r"[+-]?(?:0+(?:[.,]0*)?|[.,]0+)(?:e[+-]?0+)?")
_ZEROS = str.maketrans("123456789", "000000000")
# typographic spaces, dashes and the signs of Chinese and Japanese dates
_PLAIN = str.maketrans(
    {**dict.fromkeys("\t\r\v\f\u00a0\u2009\u202f", " "), **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212年月", "-")}
    | {"日": " ", "\u2019": "'", "\u200b": " ", "\ufeff": " ", "\u200e": " "}
)


def is_number(shape: str) -> bool:
    """Whether texts of a shape are plain numbers."""
    return _NUMBER.fullmatch(shape) is not None


class TimeTexts:
    """A column of texts.

    Parameters
    ----------
    texts : sequence of str or None
    name : str, optional
        Of the column.
    source : str, optional
        Where the column is from, for messages.
    rows : array of int, optional
        What the user calls the rows; by default they count from 1.

    Attributes
    ----------
    called : str
        What messages call the column.
    clean : list of str
        The texts in lower case, ASCII, each run of spaces a single one.
    empty : ndarray of bool
        Where there is no text, or one that says so.
    shapes : list of str
        The shapes that occur, the most frequent first.

    Examples
    --------
    >>> TimeTexts(["1 Jan 2019", "2 Jan 2019", "12 Jan 2019"]).shapes
    ['0 jan 0000', '00 jan 0000']
    """

    def __init__(self, texts: Sequence[str | None], name: str = "", source: str = "", rows: np.ndarray | None = None):
        self.texts: Sequence[str | None] = texts
        self.name: str = name
        self.called = f"column {name!r} of {source}" if source else f"column {name!r}"
        self._row_numbers = rows
        self.clean = _clean(texts)
        shape_of_row = "\n".join(self.clean).translate(_ZEROS).split("\n") if self.clean else []
        numbers = {shape: i for i, shape in enumerate(dict.fromkeys(shape_of_row))}
        kinds = np.fromiter(map(numbers.__getitem__, shape_of_row), np.int64, len(shape_of_row))
        counts = np.bincount(kinds, minlength=len(numbers))
        order = np.argsort(kinds, kind="stable")
        rows_of = np.split(order, np.cumsum(counts)[:-1]) if len(numbers) else []
        found = sorted(zip(numbers, rows_of, strict=True), key=lambda pair: -len(pair[1]))
        self.empty = np.zeros(len(self.clean), bool)
        for shape, where in found:
            self.empty[where] = shape in _EMPTY
        self._rows = {shape: where for shape, where in found if shape not in _EMPTY}
        self.shapes = list(self._rows)

    def share(self, holds: Callable[[str], object]) -> float:
        """How many of the texts that are not empty have a shape of some kind, going by the frequent shapes."""
        frequent = self.shapes[:_FREQUENT]
        return sum(len(self._rows[s]) for s in frequent if holds(s)) / max(int((~self.empty).sum()), 1)

    def __len__(self) -> int:
        return len(self.clean)

    def rows(self, shape: str) -> np.ndarray:
        """Where texts of that shape stand."""
        return self._rows[shape]

    def digits(self, shape: str, start: int, end: int) -> np.ndarray:
        """The digits from `start` to `end` of all texts of a shape, as numbers."""
        found = self._bytes[self._rows[shape], start:end].astype(np.int64) - ord("0")
        return found @ 10 ** np.arange(end - start - 1, -1, -1)

    @cached_property
    def _bytes(self) -> np.ndarray:
        """One row of bytes a text."""
        fixed = np.array(self.clean, dtype=f"S{max(map(len, self.clean))}")
        return fixed.view(np.uint8).reshape(len(fixed), -1)

    def place(self, row: int) -> str:
        """What messages call a row."""
        return f"row {row + 1 if self._row_numbers is None else int(self._row_numbers[row])}"

    def holds(self, row: int) -> str:
        """What messages say of a row."""
        return f"{self.called} holds {self.texts[row]!r} in {self.place(row)}"

    def original(self, row: int) -> str:
        """The text as the file has it, in the same places as the clean one; the clean one where places moved."""
        text = str(self.texts[row]).strip()
        return text if len(text) == len(self.clean[row]) else self.clean[row]


def _clean(texts: Sequence[str | None]) -> list[str]:
    joined = "\n".join("" if t is None else str(t)[:_LONGEST].replace("\n", " ") for t in texts)
    if not joined.isascii():
        apart = unicodedata.normalize("NFKD", joined.translate(_PLAIN))
        joined = "".join(c for c in apart if not unicodedata.combining(c)).encode("ascii", "replace").decode()
    joined = joined.translate(_PLAIN).lower() if any(c in joined for c in "\t\r\v\f") else joined.lower()
    if "  " in joined:
        joined = re.sub("  +", " ", joined)
    if " \n" in joined or "\n " in joined or joined[:1] == " " or joined[-1:] == " ":
        joined = re.sub(" ?\n ?", "\n", joined).strip(" ")
    return joined.split("\n") if len(texts) else []
