"""Names and numbers of things in messages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from elman.checks import visible


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names for a message, the first few of many, and how many there are then."""
    shown = [visible(str(name), line=True) for name in names]
    rest = f" ... ({len(shown)} in all)" if len(shown) > most else ""
    return ", ".join(shown[:most]) + rest


def first_of(names: Iterable[object], most: int = 5) -> str:
    """The same where it is said already how many there are."""
    shown = [visible(str(name), line=True) for name in names]
    return ", ".join(shown[:most]) + " ..." * (len(shown) > most)


def counted(number: float, things: str) -> str:
    """A number of things, whose plural is given: ``1 row``, ``3 rows``.

    Examples
    --------
    >>> counted(1, "weekdays"), counted(3, "missing rows"), counted(1, "series")
    ('1 weekday', '3 missing rows', '1 series')
    """
    return f"{number:.15g} {things.removesuffix('s') if number == 1 and not things.endswith('series') else things}"


def series_name(name: Any) -> str:
    """What calls a series, in words: ``Leeds, tea`` where several columns do."""
    return ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def shown_name(name: Any) -> str:
    """The same on one line of a terminal, whatever characters it has."""
    return visible(series_name(name), line=True)


def number(value: float) -> str:
    """A score: two digits behind the point, or four that count."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.2f}" if value == 0 or 0.1 <= abs(value) < 1000 else four_digits(value)


def four_digits(value: float) -> str:
    """Four digits that count, and all of those before the point: 882.3, 1104, 26362, 0.01234."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
