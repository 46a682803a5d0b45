"""Columns of plain numbers: rows and years, seconds since 1970, or day numbers of a spreadsheet."""

from __future__ import annotations

import re

import numpy as np

from elman.data.dates.readings import evenness
from elman.data.dates.texts import TimeTexts, is_number

_NAMES = frozenset("date day datetime timestamp ds week month datum fecha data dates".split())
_EXCEL = (20_000, 80_000)  # 1954 to 2119
_EPOCH = np.datetime64("1970-01-01", "us")
_SPREADSHEET = np.datetime64("1899-12-30", "us")
# microseconds of a unit, and its name: units whose numbers of this century do not overlap
_UNITS = {
    1e9: (1_000_000, "seconds"),
    1e12: (1000, "milliseconds"),
    1e15: (1, "microseconds"),
    1e18: (0.001, "nanoseconds"),
}
_FIRST, _LAST = 0.1, 4.2  # times 1e9 seconds: 1973 to 2103


def as_numbers(texts: TimeTexts) -> np.ndarray | None:
    """The column as float64, NaN where it is empty; None if it holds anything else."""
    if not all(map(is_number, texts.shapes)):
        return None
    filled = ["nan" if no else t for t, no in zip(texts.clean, texts.empty.tolist(), strict=True)]
    if any("," in shape for shape in texts.shapes):
        filled = [t.replace(",", ".") for t in filled]
    return np.array(filled, np.float64)


def decimals(texts: TimeTexts) -> int | None:
    """Digits behind the point that decimal years and the like are rounded to; None for coarser numbers and powers."""
    digits = [len(re.split("[.,]", shape)[1]) if re.search("[.,]", shape) else 0 for shape in texts.shapes]
    return max(digits) if max(digits) >= 2 and not any("e" in shape for shape in texts.shapes) else None


def unit_of_epoch(numbers: np.ndarray) -> tuple[float, str] | None:
    """Microseconds in a unit since 1970 and its name, if all numbers lie between 1973 and 2103 in it."""
    known = numbers[~np.isnan(numbers)]
    for size, unit in _UNITS.items():
        if known.min() >= _FIRST * size and known.max() < _LAST * size:
            return unit
    return None


def is_epoch(numbers: np.ndarray, name: str) -> bool:
    """Whether numbers look like a count since 1970: of ten digits, or of nine that are whole minutes or so named."""
    if unit_of_epoch(numbers) is None:
        return False
    known = numbers[~np.isnan(numbers)]
    near = known.min() >= 1e9 and known.max() < 2.2e9 or known.min() >= 1e11
    return bool(near or np.all(known % 60 == 0) or name.strip().lower() in _NAMES)


def from_epoch(numbers: np.ndarray) -> np.ndarray:
    """Counts since 1970 as datetime64[us]."""
    unit = unit_of_epoch(numbers)
    return _since(_EPOCH, numbers * (1_000_000 if unit is None else unit[0]))


def from_excel(numbers: np.ndarray) -> np.ndarray:
    """Day numbers of a spreadsheet as datetime64[us], to the millisecond that they can hold."""
    return _since(_SPREADSHEET, np.rint(numbers * 86_400_000) * 1000)


def _since(start: np.datetime64, microseconds: np.ndarray) -> np.ndarray:
    empty = np.isnan(microseconds)
    times = start + np.rint(np.where(empty, 0, microseconds)).astype(np.int64).astype("timedelta64[us]")
    times[empty] = np.datetime64("NaT")
    return times


def may_be_excel(numbers: np.ndarray) -> bool:
    known = numbers[~np.isnan(numbers)]
    return bool(known.min() >= _EXCEL[0] and known.max() < _EXCEL[1])


def is_excel(numbers: np.ndarray, name: str) -> bool:
    """Whether numbers are day numbers of a spreadsheet: so named, or evenly spaced as dates only."""
    if not may_be_excel(numbers):
        return False
    return name.strip().lower() in _NAMES or evenness(from_excel(numbers)) > evenness(numbers)
