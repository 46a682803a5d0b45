"""Headers that are times, in tables whose times run along the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from elman.data.read_times import looks_like_times

YEAR = re.compile(r"(1[5-9]|2[01])\d\d(\.0)?")
FEWEST = 3  # columns of times
_PERIODS = (4, 12)  # of a year
_MOST_KEYS = 20  # columns with digits in their names before those of times
_LOOKED_AT = 60  # labels that tell whether many are times


def without_x(label: str) -> str:
    """A label without the X that R puts before numbers."""
    return re.sub(r"^X(?=\d)", "", label)


def are_times(labels: Sequence[str]) -> bool:
    """Whether labels are years in order, or other times.

    Examples
    --------
    >>> are_times(["1990", "1991", "1995"]), are_times(["Q1 2019", "Q2 2019"]), are_times(["1", "2"])
    (True, True, False)
    """
    if all(map(YEAR.fullmatch, labels)):
        return all(int(later[:4]) > int(earlier[:4]) for earlier, later in zip(labels, labels[1:], strict=False))
    return all(any(c.isdigit() for c in label) for label in labels) and looks_like_times(labels)


def start_of_times(labels: Sequence[str]) -> int | None:
    """Where the times begin that go on to the last of some labels; None where there are no such.

    Examples
    --------
    >>> start_of_times(["country", "code", "1990", "1991", "1992"])
    2
    """
    plain = [i for i, label in enumerate(labels) if not any(c.isdigit() for c in label)]
    first = plain[-1] + 1 if plain else 0
    last = min(len(labels) - FEWEST, first + _MOST_KEYS)
    few = (i for i in range(first, last + 1) if are_times(labels[i : i + _LOOKED_AT]))
    return next((i for i in few if are_times(labels[i:])), None)


def are_periods(labels: Sequence[str]) -> bool:
    """Whether labels number the months or quarters of a year."""
    return len(labels) in _PERIODS and [label.lstrip("0") for label in labels] == [
        str(i + 1) for i in range(len(labels))
    ]


def heads_times(row: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row of texts and then times heads a table; the row below it is then none."""
    cells, under = [without_x(c.strip()) for c in row], [c.strip() for c in below]
    if len(cells) != len(under):
        return False
    while cells and not cells[-1]:  # a delimiter at the end
        cells.pop()
    if cells and not cells[0][:1].isdigit() and are_periods(cells[1:]):
        return not are_periods(under[1:])
    start = next((i for i, cell in enumerate(cells) if any(c.isdigit() for c in cell)), len(cells))
    return len(cells) - start >= FEWEST and are_times(cells[start:]) and not are_times(under[start:])
