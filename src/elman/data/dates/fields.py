"""From the fields of a form to moments: all rows at once, and where a field has a value that no calendar knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.data.dates.forms import Form
from elman.data.dates.names import ABBREVIATIONS, MONTH_OF
from elman.data.dates.texts import TimeTexts

DAY = 86_400_000_000  # microseconds
_PLAUSIBLE = (1600, 2400)  # years that numbers such as 201401 may mean
CENTURY = 1940  # years of two digits are these hundred: series are records of the past, most of them


@dataclass(frozen=True)
class Moments:
    """What a form makes of a column.

    Attributes
    ----------
    times : ndarray, shape (n,)
        datetime64[us] as the wall clock has it; NaT where nothing was read.
    read : ndarray of bool
        Where the form fits and the calendar knows the time.
    offsets : ndarray, shape (n,)
        Seconds ahead of UTC; 0 where a row has no offset.
    offset_given : ndarray of bool
        Which rows have an offset or the name of a zone.
    zones : tuple of str
        Names of zones that occur, in lower case.
    """

    times: np.ndarray
    read: np.ndarray
    offsets: np.ndarray
    offset_given: np.ndarray
    zones: tuple[str, ...]


class _Fields:
    """Numbers by group, each a column with -1 where a row does not have it."""

    def __init__(self, form: Form, texts: TimeTexts):
        n = len(texts)
        self.fits = np.zeros(n, bool)
        self._columns: dict[str, np.ndarray] = {}
        self.zones: set[str] = set()
        self.offset_given = np.zeros(n, bool)
        self.by_name = np.zeros(n, np.int64)
        for shape in texts.shapes:
            match = form.match(shape)
            if match is not None:
                self.fits[texts.rows(shape)] = True
                for name, text in match.groupdict().items():
                    if text is not None and name not in ("sep", "a", "end"):
                        self._set(name, texts, shape, match.span(name))

    def _set(self, name: str, texts: TimeTexts, shape: str, span: tuple[int, int]) -> None:
        rows, word = texts.rows(shape), shape[slice(*span)]
        if name == "b":
            self._column("m")[rows] = MONTH_OF[word]
        elif name == "p":
            self._column("p")[rows] = word[0] == "p"
        elif name == "z":
            self._columns.setdefault("z", np.ones(len(self.fits), np.int64))[rows] = -1 if word == "-" else 1
        elif name == "x":
            self.offset_given[rows] = True
            if word in ABBREVIATIONS:
                self.by_name[rows] = 3600 * ABBREVIATIONS[word]
            if "0" not in word:
                self.zones.add(word)
        elif name == "r":  # the month of 2014.1 that was 2014.10 before a zero was lost
            self._column("m")[rows] = texts.digits(shape, *span) * (10 if len(word) == 1 else 1)
        elif name == "f":
            digits = min(len(word), 6)
            self._column("f")[rows] = texts.digits(shape, span[0], span[0] + digits) * 10 ** (6 - digits)
        else:
            self._column(name)[rows] = texts.digits(shape, *span)

    def _column(self, name: str) -> np.ndarray:
        return self._columns.setdefault(name, np.full(len(self.fits), -1, np.int64))

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def get(self, name: str, default: int) -> np.ndarray:
        """A column; the default where a row does not have it."""
        found = self._columns.get(name)
        if found is None:
            return np.full(len(self.fits), default, np.int64)
        return np.where(found < 0, default, found)

    def signs(self) -> np.ndarray:
        """-1 where an offset is behind UTC, else 1."""
        return np.where(self._columns.get("z", np.ones(1)) < 0, -1, 1)


def moments(form: Form, texts: TimeTexts, century: int = CENTURY) -> Moments:
    """Read a column by one form.

    Parameters
    ----------
    form : Form
    texts : TimeTexts
    century : int, default 1940
        The first of the hundred years that two digits stand for.
    """
    fields = _Fields(form, texts)
    days, known = _days(fields, century)
    clock, told = _clock(fields)
    read = fields.fits & known & told & (fields.get("i", 0) < 60) & (fields.get("o", 0) <= 15)
    if form.numeric:
        year = fields.get("Y", 2000)
        read &= (year >= _PLAUSIBLE[0]) & (year <= _PLAUSIBLE[1])
    times = (days * DAY + clock).astype("datetime64[us]")
    times[~read] = np.datetime64("NaT")
    offsets = fields.by_name + fields.signs() * (fields.get("o", 0) * 3600 + fields.get("i", 0) * 60)
    return Moments(times, read, offsets, fields.offset_given, tuple(sorted(fields.zones)))


def _days(fields: _Fields, century: int) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970, and where there is such a day."""
    year = fields.get("Y", 0)
    if "y" in fields:
        year = century + (fields.get("y", 0) - century) % 100
    known = (year >= 1) & (year <= 9999)
    if "V" in fields:
        return _of_week(year, fields.get("V", 1), fields.get("u", 1), known)
    month = fields.get("m", 1)
    if "q" in fields:
        quarter = fields.get("q", 1)
        month, known = 3 * quarter - 2, known & (quarter >= 1) & (quarter <= 4)
    if "h" in fields:
        half = fields.get("h", 1)
        month, known = 6 * half - 5, known & (half >= 1) & (half <= 2)
    if "n" in fields:
        after = fields.get("n", 0)
        known &= np.where(after < 100, (year + 1) % 100 == after, year + 1 == after)
    return _of_month(year, month, fields, known)


def _of_month(year: np.ndarray, month: np.ndarray, fields: _Fields, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = known & (month >= 1) & (month <= 12)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    if "j" in fields:
        of_year = fields.get("j", 1)
        next_year = (year - 1969).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
        return first + of_year - 1, known & (of_year >= 1) & (first + of_year - 1 < next_year)
    day = fields.get("d", 1)
    last = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
    return first + day - 1, known & (day >= 1) & (first + day - 1 <= last)


def _of_week(
    year: np.ndarray, week: np.ndarray, weekday: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """ISO weeks: the first holds 4 January."""
    start, after = _first_monday(year), _first_monday(year + 1)
    monday = start + 7 * (week - 1)
    known = known & (week >= 1) & (monday < after) & (weekday >= 1) & (weekday <= 7)
    return monday + weekday - 1, known


def _first_monday(year: np.ndarray) -> np.ndarray:
    fourth = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + 3
    return fourth - (fourth + 3) % 7  # 1970-01-01 was a Thursday


def _clock(fields: _Fields) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds since midnight, and where there is such a time: 24:00 is the next midnight, :60 the next minute."""
    hour, minute, second = fields.get("H", 0), fields.get("M", 0), fields.get("S", 0)
    half = fields.get("p", -1)
    known = (minute < 60) & (second <= 60) & (hour <= 24) & ((hour < 24) | (minute + second + fields.get("f", 0) == 0))
    known &= (half < 0) | ((hour >= 1) & (hour <= 12)) | ((half == 0) & (hour == 0))
    hour = np.where(half >= 0, hour % 12 + 12 * half, hour)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fields.get("f", 0), known
