"""How a file writes its times, and times of the future in the same sense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elman.data.dates.zones import Zone


@dataclass(frozen=True)
class Notation:
    """How times are written.

    Numbers are written as numbers. Times with a day are ISO 8601, ``2019-04-01`` or ``2019-04-01T06:00:00``, with the
    input's offset where it has one; quarters, weeks, months and the like as the input writes them.

    Parameters
    ----------
    pattern : str, optional
        As for `strftime`, for times without a day, with %q quarter, %h half, %n the next year, and %-m without a zero.
    months : tuple of str, optional
        The twelve names that ``%b`` stands for.
    clock : bool, default False
        Whether midnights are written too, as the series has other times.
    zone : Zone, optional
        Whose clock it is.
    offset : bool, default True
        Whether the zone's offset is written behind the clock.
    axis : int, optional
        Seconds ahead of UTC of the clock that times are given in, where that is not the zone's own: hours are counted
        by a clock that knows no summer time.
    decimals : int, optional
        Digits behind the point that numbers are rounded to.

    Examples
    --------
    >>> Notation().labels(np.array(["2001-12-31", "2002-01-01"], "datetime64[us]"))
    ['2001-12-31', '2002-01-01']
    >>> Notation("Q%q %Y").labels(np.array(["2001-10-01"], "datetime64[us]"))
    ['Q4 2001']
    """

    pattern: str = ""
    months: tuple[str, ...] = ()
    clock: bool = False
    zone: Zone | None = None
    offset: bool = True
    axis: int | None = None
    decimals: int | None = None

    def labels(self, times: np.ndarray) -> list[str]:
        """Times as text."""
        if times.dtype.kind != "M":
            rounded = times if self.decimals is None else np.round(times, self.decimals)
            return [f"{float(t):.12g}" for t in rounded]
        if self.pattern and np.all(times == times.astype("datetime64[D]")):
            return [self._by_pattern(t) for t in times.astype("datetime64[D]")]
        if self.zone is None:
            return _iso(times, self.clock)
        offsets = self._offsets(times)
        wall = self.wall(times)
        texts = _iso(wall, True)
        return [text + self.zone.write(o) for text, o in zip(texts, offsets, strict=True)] if self.offset else texts

    def label(self, time: np.generic) -> str:
        """One time as text."""
        return self.labels(np.array([time]))[0]

    def wall(self, times: np.ndarray) -> np.ndarray:
        """Times as the clock on the wall shows them."""
        if self.zone is None or self.axis is None or times.dtype.kind != "M":
            return times
        return times + _seconds(self._offsets(times) - self.axis)

    @property
    def hangs(self) -> bool:
        """Whether times are instants, of a clock whose offset from UTC is written."""
        return self.zone is not None and self.offset

    def utc(self, times: np.ndarray) -> np.ndarray:
        """Instants as UTC has them."""
        return times - _seconds(self._offsets(times) if self.axis is None else self.axis)

    def _offsets(self, times: np.ndarray) -> np.ndarray:
        assert self.zone is not None
        return self.zone.at_wall(times) if self.axis is None else self.zone.at(times - _seconds(self.axis))

    def _by_pattern(self, day: np.datetime64) -> str:
        parts = _parts(day, self.months)
        return re.sub(r"%-?.", lambda m: _directive(m.group(), parts), self.pattern)


def _seconds(count: np.ndarray | int) -> np.ndarray:
    return np.asarray(count, np.int64).astype("timedelta64[s]")


def _iso(times: np.ndarray, clock: bool) -> list[str]:
    """As short as all of the times allow."""
    whole_days = not clock and np.all(times == times.astype("datetime64[D]"))
    unit: Literal["D", "s", "us"] = (
        "D" if whole_days else "s" if np.all(times == times.astype("datetime64[s]")) else "us"
    )
    return [str(t) for t in np.datetime_as_string(times, unit=unit)]


def _parts(day: np.datetime64, months: tuple[str, ...]) -> dict[str, int | str]:
    year, month = int(day.astype("datetime64[Y]").astype(int)) + 1970, int(day.astype("datetime64[M]").astype(int)) % 12
    thursday = day + (3 - (int(day.astype(int)) + 3) % 7)  # whose year is that of its ISO week
    week_year = thursday.astype("datetime64[Y]")
    return {
        "Y": year,
        "y": year % 100,
        "m": month + 1,
        "q": month // 3 + 1,
        "h": month // 6 + 1,
        "b": months[month] if months else "",
        "n": year + 1,
        "N": (year + 1) % 100,
        "G": int(week_year.astype(int)) + 1970,
        "g": (int(week_year.astype(int)) + 1970) % 100,
        "V": int((thursday - week_year.astype("datetime64[D]")).astype(int)) // 7 + 1,
        "u": (int(day.astype(int)) + 3) % 7 + 1,
        "%": "%",
    }


def _directive(text: str, parts: dict[str, int | str]) -> str:
    value = parts[text[-1]]
    if isinstance(value, str) or text[1] == "-":
        return str(value)
    return f"{value:0{ {'Y': 4, 'G': 4, 'n': 4, 'q': 1, 'h': 1, 'u': 1}.get(text[-1], 2) }d}"
