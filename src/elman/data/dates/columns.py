"""Several columns that together tell the time: year and month, date and hour."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from elman.errors import DataError

Texts = Sequence[str | None]
_NUMBER = re.compile(r"(\d+)(?:\.0*)?")
_EMPTY = frozenset(["", "na", "n/a", "nan", "nat", "null", "none"])


def join_columns(columns: Sequence[Texts], names: Sequence[str] | None = None) -> list[str | None]:
    """One text for each row, such as `read_times` reads.

    A column of years joins one of months, quarters, weeks or days of the year, or months and days; a date joins a clock
    or an hour. Hours of 1 to 24 are those in which the hour ends.

    Parameters
    ----------
    columns : sequence of sequences of str or None
        In any order for years and months; clocks come behind dates.
    names : sequence of str, optional
        Of the columns: ``month``, ``week`` or ``quarter`` tell what numbers are.

    Examples
    --------
    >>> join_columns([["2019", "2019"], ["11", "12"]])
    ['2019-11', '2019-12']
    >>> join_columns([["1/2/2019", "1/2/2019"], ["0", "1"]])
    ['1/2/2019 00:00', '1/2/2019 01:00']
    """
    if len({len(c) for c in columns}) > 1:
        raise DataError(
            f"columns of times have {', '.join(str(len(c)) for c in columns)} rows; expected as many in each"
        )
    clean = [[_plain(t) for t in column] for column in columns]
    names = [n.strip().lower() for n in names] if names else [""] * len(columns)
    years = [i for i, column in enumerate(clean) if _all(column, _is_year)]
    dates, clocks = _by_year(clean, names, years[0]) if years else (_as_they_are(clean[0]), clean[1:])
    moments = _clocks(clocks)
    rows = zip(dates, moments or [""] * len(dates), *clean, strict=True)
    return [None if None in row[2:] else f"{row[0]} {row[1]}".rstrip() for row in rows]


def _plain(text: str | None) -> str | None:
    """Without spaces around it, whole numbers without a point; None where it is empty."""
    stripped = "" if text is None else text.strip()
    number = _NUMBER.fullmatch(stripped)
    return None if stripped.lower() in _EMPTY else number.group(1) if number else stripped


def _all(column: Texts, holds: Callable[[str], bool]) -> bool:
    return all(holds(text) for text in column if text is not None)


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdigit()


def _is_small(text: str) -> bool:
    return text.isdigit() and len(text) <= 3


def _as_they_are(column: Texts) -> list[str]:
    return ["" if text is None else text for text in column]


def _by_year(
    columns: list[list[str | None]], names: Sequence[str], year: int
) -> tuple[list[str], list[list[str | None]]]:
    """Dates of a column of years and its neighbours, and the columns that are left for the clock."""
    before, after = columns[:year], columns[year + 1 :]
    if len(before) > 1:  # day and month, or month and day: the reader decides by all rows
        return _joined([*before[-2:], columns[year]], "/"), after
    parts, several = [*before, *after][:2], len(set(columns[year]) - {None}) > 1
    if len(parts) == 1:
        name = names[year - 1] if before else names[year + 1]
        return _joined([columns[year], _part_of_year(parts[0], name, several)], "-"), []
    if _all(parts[1], lambda text: _is_small(text) and int(text) <= 31):
        return _joined([columns[year], *parts], "-"), [*before, *after][2:]
    return _joined([columns[year], _part_of_year(parts[0], "", several)], "-"), [*before, *after][1:]


def _part_of_year(column: list[str | None], name: str, several_years: bool) -> list[str | None]:
    """Months as they are; weeks, quarters and days of the year marked as such."""
    if not _all(column, _is_small):
        return column
    most = max((int(text) for text in column if text is not None), default=1)
    if "month" in name or name in ("mon", "mo", "mth"):
        return column
    if "quarter" in name or name in ("q", "qtr") or (most <= 4 and several_years):
        return [text and f"Q{int(text)}" for text in column]
    if "week" in name or 12 < most <= 53:
        return [text and f"W{int(text):02d}" for text in column]
    return [text and f"{int(text):03d}" for text in column] if most > 53 else column


def _joined(columns: Sequence[Texts], sign: str) -> list[str]:
    return [sign.join(text or "" for text in row) for row in zip(*columns, strict=True)]


def _clocks(columns: Sequence[list[str | None]]) -> list[str]:
    """Hours, minutes and seconds, or a clock; empty where there is no column."""
    if not columns:
        return []
    first = columns[0]
    if not _all(first, lambda text: _is_small(text) and len(text) <= 2):
        return _joined([[_colons(text) for text in first], *columns[1:]], " ")
    hours = [f"{int(text):02d}" if text else "" for text in first]
    rest = [[f"{int(t):02d}" if t and _is_small(t) else t for t in column] for column in columns[1:]]
    return _joined([hours, *(rest or [["00"] * len(hours)])], ":")


def _colons(text: str | None) -> str | None:
    """Clocks such as 930 and 1030, without colons, with them."""
    return f"{int(text) // 100:02d}:{text[-2:]}" if text and text.isdigit() and len(text) in (3, 4) else text
