"""Which row names the columns, and where the data begins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from elman.data.found_table import Layout
from elman.data.names import listed
from elman.data.numerals import is_missing, looks_like_number
from elman.data.read_times import looks_like_times

_JUDGED = 40  # rows that tell which columns hold numbers or times
_PLAIN = re.compile(r"\d+(\.\d+)?", re.ASCII)
_STEP = re.compile(r"([^\W\d]+[_ .-]?)(\d+)")
_HEADINGS = {"time", "date", "datetime", "timestamp", "ds", "year", "quarter", "month", "week", "day", "hour", "period"}


def usual_width(counts: Sequence[int]) -> int:
    """The usual number of fields; titles above a table and notes below it have fewer."""
    return Counter(counts).most_common(1)[0][0]


def is_data(cell: str) -> bool:
    cell = cell.strip()
    return any(c.isdigit() for c in cell) and (looks_like_number(cell) or looks_like_times([cell]))


def typed_columns(rows: Sequence[list[str]], width: int) -> list[int]:
    """Columns that hold numbers or times, going by rows well below the header."""
    whole = [row for row in rows if len(row) == width]
    start = max(1, min(len(whole) // 2, len(whole) - _JUDGED))
    judged = whole[start : start + _JUDGED]
    found = []
    for column in range(width):
        cells = [cell for row in judged if (cell := row[column].strip()) and any(c.isalnum() for c in cell)]
        if cells and sum(map(is_data, cells)) >= 0.7 * len(cells):
            found.append(column)
    return found


def first_data(rows: Sequence[list[str]], width: int, typed: Sequence[int]) -> int:
    """The first row that is no title, header or row of units."""
    if not typed:
        return next((i for i, row in enumerate(rows) if len(row) == width), 0) + 1
    for i, row in enumerate(rows):
        if len(row) != width and not (i > 0 and len(row) > 1 and is_data(row[0])):
            continue
        if _names_columns(rows, i, width, typed):
            return i + 1
        cells = [row[c].strip() for c in typed if c < len(row)]
        data = sum(map(is_data, cells))
        other = sum(bool(cell) and not is_data(cell) for cell in cells)
        headed = any(len(r) in (width, width - 1) for r in rows[:i])
        if not headed and len(row) > 1 and not row[0].strip() and 0 in typed:
            continue  # an index without a name heads its column with nothing, and a series without one is called 0
        if data and (headed or other < data or any(map(_is_moment, cells))) or (not data and not other and headed):
            return i
    return next((i for i, row in enumerate(rows) if len(row) == width), 0) + 1


def _names_columns(rows: Sequence[list[str]], i: int, width: int, typed: Sequence[int]) -> bool:
    """Whether a row heads its columns with numbers or times, as ``date,1,2,3`` or ``country,2000,2001,2002`` does."""
    row = [cell.strip() for cell in rows[i]]
    below = next((r for r in rows[i + 1 :] if len(r) == width), None)
    if len(row) != width or below is None or width < 3:
        return False
    under = [cell.strip() for cell in below]
    if not any(len(r) == width for r in rows[:i]) and (_counts_steps(row, under) or _names_steps(row, under)):
        return True
    heads = [row[c] for c in typed if c > 0]
    if len(heads) < 2 or not all(map(is_data, heads)) or len(set(heads)) < len(heads):
        return False
    first, counted = row[0], row == [str(c) for c in range(width)]
    if is_data(first) or is_missing(first):
        return counted and [cell.strip() for cell in below] != row
    if typed[0] == 0:  # a word above times or numbers
        return True
    under = [below[c].strip() for c in typed if c > 0]
    dated = all(map(_is_moment, heads)) and not any(map(_is_moment, under))
    return dated or len(heads) > 2 and _evenly_counted(heads) and not _evenly_counted(under)


def _counts_steps(row: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row heads its columns with 0, 1, 2, ... or 1, 2, 3, ... beside words, as ``0,1,2,3,label`` does.

    A longer row may be of fractions, as 0.0, 0.1, 0.2, 0.3, 0.4.
    """
    places = [c for c, cell in enumerate(row) if _PLAIN.fullmatch(cell)]
    words = [c for c in range(len(row)) if c not in places]
    if len(places) < 3 or not words or places != list(range(places[0], places[-1] + 1)):
        return False
    if any(is_data(row[c]) or row[c] == below[c] for c in words) or len({"." in row[c] for c in places}) > 1:
        return False
    cells = [float(row[c]) for c in places]
    if cells[0] not in (0, 1) or _evenly_counted([below[c] for c in places]):
        return False
    step = cells[1] - cells[0]
    even = all(abs(b - a - step) < 1e-6 * abs(step) for a, b in pairwise(cells))
    return even and (step == 1 or (step > 0 and cells[0] == 0 and len(cells) >= 5))


def _names_steps(row: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row heads its columns with t0, t1, t2, ..., which from t100 on could be thirds of years."""
    places = [c for c, cell in enumerate(row) if _STEP.fullmatch(cell)]
    heads = [found for c in places if (found := _STEP.fullmatch(row[c]))]
    if len(heads) < 3 or len({found[1] for found in heads}) > 1 or any(_STEP.fullmatch(below[c]) for c in places):
        return False
    return all(int(b[2]) - int(a[2]) == 1 for a, b in pairwise(heads))


def _evenly_counted(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers that rise by equal steps, as years do."""
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(cells)}
    return len(steps) == 1 and min(steps) > 0


def _is_moment(cell: str) -> bool:
    return not looks_like_number(cell) and is_data(cell)


def header_row(head: Sequence[list[str]], width: int) -> int | None:
    """Which of the rows above the data names the columns."""
    whole = [i for i, row in enumerate(head) if width - 1 <= len(row) <= width + 1 and len(row) > (width > 1)]
    named = [i for i in whole if any(cell.strip().lower() in _HEADINGS for cell in head[i])]
    filled = sorted(whole, key=lambda i: -sum(bool(cell.strip()) for cell in head[i]))
    return next(iter(named or filled), None)


def without_quotes(names: list[str]) -> list[str]:
    """Names without single quotes, where all of them stand in such."""
    quoted = all(len(n) > 2 and n[0] == n[-1] == "'" for n in names if n)
    return [n[1:-1] for n in names] if quoted else names


def numbered(width: int, table: Layout, name: str) -> list[str]:
    names = [f"column {i + 1}" for i in range(width)]
    shown = f"are called {listed(names, 4)}" if width > 1 else "is called 'column 1'"
    table.notes.append(f"{name} has no header: its column{'s' if width > 1 else ''} {shown}")
    return names


def make_different(table: Layout) -> None:
    """Names for columns that have none, and other names for those that come twice."""
    taken: set[str] = set()
    for i, name in enumerate(table.names):
        called, number = name or f"column {i + 1}", 2
        while called in taken:
            called, number = f"{name or 'column'} ({number})", number + 1
        if name and called != name:
            table.notes.append(f"several columns are called {name!r}: the next one is {called!r} here")
        table.names[i] = called
        taken.add(called)
