"""Offsets from UTC, and the zone behind them: which one a file's offsets agree with, and what offset it will have."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from elman.errors import DataError

# asked first, so that common offsets are called by common names
USUAL = (
    "Europe/Berlin Europe/London Europe/Athens Europe/Moscow America/New_York America/Chicago America/Denver "
    "America/Los_Angeles America/Sao_Paulo America/Santiago Asia/Jerusalem Asia/Tehran Australia/Sydney "
    "Australia/Adelaide Pacific/Auckland"
).split()
_DAY = 86_400
_QUARTER = 900  # seconds; no clock changes within a quarter of an hour


@dataclass(frozen=True)
class Zone:
    """Where a clock hangs.

    Parameters
    ----------
    name : str
        As in ``Europe/Berlin``; empty for a fixed offset.
    offset : int, default 0
        Seconds ahead of UTC, of a fixed offset.
    utc : bool, default False
        Whether texts write ``Z``.
    """

    name: str = ""
    offset: int = 0
    utc: bool = False

    def at(self, instants: np.ndarray) -> np.ndarray:
        """Seconds ahead of UTC at instants that are given in UTC."""
        if not self.name:
            return np.full(len(instants), self.offset)
        quarters, where = np.unique(instants.astype("datetime64[s]").astype(np.int64) // _QUARTER, return_inverse=True)
        return np.array([_at(self.name, int(q) * _QUARTER) for q in quarters], np.int64)[where]

    def at_wall(self, wall: np.ndarray) -> np.ndarray:
        """Seconds ahead of UTC where the clock on the wall shows these times; of an hour that comes twice, the first,
        unless it was listed already, or is listed once and the second follows as evenly as the others do."""
        if not self.name:
            return np.full(len(wall), self.offset)
        seconds = wall.astype("datetime64[s]").astype(np.int64)
        days, where = np.unique(seconds // _DAY, return_inverse=True)
        midnight = np.array([_at_wall(self.name, int(d) * _DAY, 0) for d in days], np.int64)
        next_midnight = np.array([_at_wall(self.name, int(d + 1) * _DAY, 0) for d in days], np.int64)
        first = midnight[where]
        second = first.copy()
        changing = (midnight != next_midnight)[where]  # few days: only in these is each time looked up
        quarters, where = np.unique(seconds[changing] // _QUARTER, return_inverse=True)
        first[changing] = np.array([_at_wall(self.name, int(q) * _QUARTER, 0) for q in quarters], np.int64)[where]
        second[changing] = np.array([_at_wall(self.name, int(q) * _QUARTER, 1) for q in quarters], np.int64)[where]
        later = _listed_before(wall) | _evenly_later(wall, first, second)
        return np.where((first > second) & later, second, first)

    def write(self, offset: int) -> str:
        """An offset as ISO 8601 writes it."""
        if self.utc:
            return "Z"
        sign, minutes = "-" if offset < 0 else "+", abs(int(offset)) // 60
        return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


@cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)


def _clip(seconds: int) -> datetime:
    """Naive; years that Python does not know are those at its ends."""
    return datetime(1970, 1, 1) + timedelta(seconds=min(max(seconds, -62_135_000_000), 253_402_000_000))


def _at(name: str, seconds: int) -> int:
    moment = _clip(seconds).replace(tzinfo=UTC).astimezone(_zone(name))
    return round(moment.utcoffset().total_seconds())  # type: ignore[union-attr]


def _at_wall(name: str, seconds: int, fold: int) -> int:
    moment = _clip(seconds).replace(tzinfo=_zone(name), fold=fold)
    return round(moment.utcoffset().total_seconds())  # type: ignore[union-attr]


def _listed_before(wall: np.ndarray) -> np.ndarray:
    """Which times stand in an earlier row too."""
    order = np.argsort(wall, kind="stable")
    again = np.zeros(len(wall), bool)
    again[order[1:]] = wall[order[1:]] == wall[order[:-1]]
    return again


def _evenly_later(wall: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which times, listed once, are a step behind the time before them by their second offset, not by their first."""
    times, place, count = np.unique(wall, return_index=True, return_counts=True)
    early, late = (times - offset[place].astype("timedelta64[s]") for offset in (first, second))
    found = np.zeros(len(wall), bool)
    if len(times) > 2:
        step = np.median(np.diff(early))
        even = (late[1:] - early[:-1] == step) & (early[1:] - early[:-1] != step)
        found[place[1:]] = even & (count[1:] == 1)
    return found


@cache
def _names() -> dict[str, str]:
    """All zones that this machine knows, by lower case; empty where it has no data of zones."""
    return {name.lower(): name for name in sorted(zoneinfo.available_timezones()) if "/" in name}


def named(text: str) -> str | None:
    """The zone of that name in any case; None if there is none."""
    return _names().get(text.lower())


def known_zones(names: Iterable[str]) -> list[str]:
    """Those that this machine has data of."""
    return [name for name in names if name.lower() in _names()]


def is_zone(text: str) -> bool:
    """Whether `zone_of` knows it."""
    try:
        zone_of(text)
    except DataError:
        return False
    return True


def zone_of(text: str) -> Zone:
    """A zone from its name, ``UTC``, or an offset such as ``+05:30``.

    Raises
    ------
    DataError
        If there is no such zone.
    """
    if text.lower() in ("utc", "z", "gmt", "etc/utc"):
        return Zone(utc=True)
    offset = re.fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)", text)
    if offset:
        sign, hours, minutes = offset.groups()
        return Zone(offset=(-1 if sign == "-" else 1) * (int(hours) * 3600 + int(minutes) * 60))
    name = named(text)
    if name is None:
        raise DataError(
            f"there is no zone {text!r}; expected a name such as Europe/Berlin, or an offset such as +05:30"
        )
    return Zone(name)


def find(instants: np.ndarray, offsets: np.ndarray) -> str | None:
    """A zone whose offsets are these at these instants (in UTC); None if there is none.

    Examples
    --------
    >>> find(np.array(["2020-01-01", "2020-07-01"], "datetime64[us]"), np.array([3600, 7200]))
    'Europe/Berlin'
    """
    order = np.argsort(instants, kind="stable")
    seconds, sorted_offsets = instants[order].astype("datetime64[s]").astype(np.int64), offsets[order]
    changes = np.flatnonzero(np.diff(sorted_offsets))
    witnesses = np.unique(np.concatenate([[0, len(order) - 1], changes, changes + 1]))
    tests = [(int(seconds[i]), int(sorted_offsets[i])) for i in witnesses]
    others = sorted((n for n in _names().values() if not n.startswith("Etc/")), key=lambda n: (n[-2:].isupper(), n))
    for name in [*known_zones(USUAL), *others]:
        if all(_at(name, second) == offset for second, offset in tests):
            return name
    return None
