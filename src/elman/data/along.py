"""Headers that are times, in tables whose times run along the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from elman.data.read_times import looks_like_times

YEAR = re.compile(r"(1[5-9]|2[01])\d\d(\.0)?")
FEWEST = 3  # columns of times
_PERIODS = (4, 12)  # of a year


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
