"""A file as people have it, what is said on the command line, and what has to come of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes
    ----------
    name : str
        Of the file.
    content : str or bytes
        A text is written in `encoding`.
    options : tuple of str
        Behind ``elman forecast FILE --horizon 2``.
    values : tuple of float
        First and last value that are read.
    times : tuple of str
        First and last time, as metrics.json has them.
    following : tuple of str
        The two times of the forecast.
    notes : tuple of str
        Words of notes.
    refused : tuple of str
        Words of the message; nothing is read then.
    rows : int, optional
        How many are read.
    series : int, default 1
        How many series it holds; values, times and rows are those of the first.
    """

    name: str
    content: str | bytes
    options: tuple[str, ...] = ()
    values: tuple[float, float] | None = None
    times: tuple[str, str] | None = None
    following: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    rows: int | None = None
    encoding: str = "utf-8"
    series: int = 1
    silent: tuple[str, ...] = field(default=())  # words that no note may have

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        data = self.content if isinstance(self.content, bytes) else self.content.encode(self.encoding)
        path.write_bytes(data)
        return path


N = 40
DAYS = [dt.date(2019, 1, 1) + dt.timedelta(i) for i in range(N)]
MONTHS = [dt.date(2015 + i // 12, i % 12 + 1, 1) for i in range(N)]
HOURS = [dt.datetime(2010, 1, 2) + dt.timedelta(hours=i) for i in range(N)]
AFTER_DAYS = ("2019-02-10", "2019-02-11")


def value(i: int) -> float:
    return round(100 + i * 0.5 + 10 * math.sin(i * math.pi / 6), 2)


NUMBERS = [f"{value(i):.2f}" for i in range(N)]
ENDS = (value(0), value(N - 1))


def table(
    times: Sequence[object] = DAYS, numbers: Sequence[object] = NUMBERS, head: str = "date,sales", sep: str = ","
) -> str:
    """A header and a row for each time."""
    rows = "".join(f"{t}{sep}{n}\n" for t, n in zip(times, numbers, strict=True))
    return f"{head.replace(',', sep)}\n{rows}" if head else rows


def german(number: str) -> str:
    """1,234.5 as 1.234,5."""
    return number.translate(str.maketrans(",.", ".,"))
