"""Times with offsets or zones: the clock that their steps are counted by, and the zone that the forecast follows."""

from __future__ import annotations

import numpy as np

from elman.data.dates.fields import Moments
from elman.data.dates.notation import Notation
from elman.data.dates.readings import EVEN, evenness
from elman.data.dates.texts import TimeTexts
from elman.data.dates.zones import USUAL, Zone, find, known_zones, named
from elman.data.steps import distinct
from elman.errors import DataError

Hung = tuple[np.ndarray, Notation, tuple[str, ...]]
_UTC = {"z", "utc", "gmt"}
_FEWEST = 6  # rows that tell a change to summer time from a missing one


def hang(found: Moments, texts: TimeTexts) -> Hung:
    """The times, how they are written, and notes.

    Raises
    ------
    DataError
        If some rows have an offset and others none, or if they are of several zones.
    """
    without = found.read & ~found.offset_given
    if without.any():
        row, other = int(np.argmax(without)), int(np.argmax(found.offset_given))
        raise DataError(
            f"{texts.holds(row)}, without an offset from UTC, and "
            f"{texts.original(other)!r} in {texts.place(other)}, with one; expected one in every row or in none"
        )
    known = found.read
    zones = {named(z) for z in found.zones if named(z)}
    if len(zones) > 1 or (zones and len(found.zones) > 1):
        raise DataError(f"{texts.called} holds times of several zones: {', '.join(sorted(found.zones))}; expected one")
    wall = found.times[known]
    if zones:
        zone = Zone(str(zones.pop()))
        offsets, note = zone.at_wall(wall), ""
    else:
        offsets = found.offsets[known]
        zone, note = _behind(wall, offsets, set(found.zones))
    axis = _axis(wall, offsets, zone)
    times = found.times.copy()
    if axis is not None:
        times[known] = wall + (axis - offsets).astype("timedelta64[s]")
    return times, Notation(clock=True, zone=zone, axis=axis), (note,) if note else ()


def through_summer_time(times: np.ndarray) -> Hung | None:
    """As `hang`, for hours without offsets: one lacks in spring, or comes twice in autumn, as on the clock of a zone.

    None where no usual zone makes all of them follow one another evenly.
    """
    if np.isnat(times).any() or len(times) < _FEWEST:
        return None
    apart = np.diff(times)
    step = np.median(apart)
    years = (times.max() - times.min()) / np.timedelta64(365, "D")
    if step >= np.timedelta64(1, "D") or np.sum(apart != step) > 2 * (years + 1):  # more than the clock changes
        return None
    repeated = len(distinct(times)) < len(times)
    if not repeated and evenness(times) != EVEN:
        return None
    for name in known_zones(USUAL):
        zone = Zone(name)
        offsets = zone.at_wall(times)
        standard = int(offsets.min())
        steady = times + (standard - offsets).astype("timedelta64[s]")
        if len(distinct(offsets)) > 1 and (np.diff(steady) > np.timedelta64(0)).all() and evenness(steady) > EVEN:
            note = f"the clock changes to summer time and back as in {name}; hours are counted through the change"
            return steady, Notation(clock=True, zone=zone, axis=standard, offset=False), (note,)
    return None


def hang_typed(instants: np.ndarray, zone: Zone) -> Hung:
    """As `hang`, for times in UTC."""
    known = ~np.isnat(instants)
    offsets = zone.at(instants[known])
    wall = instants[known] + offsets.astype("timedelta64[s]")
    axis = _axis(wall, offsets, zone)
    times = instants.copy()
    times[known] = wall if axis is None else instants[known] + np.timedelta64(axis, "s")
    return times, Notation(clock=True, zone=zone, axis=axis), ()


def _behind(wall: np.ndarray, offsets: np.ndarray, words: set[str]) -> tuple[Zone, str]:
    """The zone behind offsets, and what to say of it."""
    last = int(offsets[np.argmax(wall)])
    if (offsets == last).all():
        zone = Zone(offset=last, utc=bool(words) and words <= _UTC)
        fixed = "" if zone.utc else f"all times have the offset {zone.write(last)} from UTC, which is kept"
        return zone, fixed
    name = find(wall - offsets.astype("timedelta64[s]"), offsets)
    seen = ", ".join(Zone().write(o) for o in np.unique(offsets))
    if name is not None:
        return Zone(name), f"the offsets {seen} from UTC change as those of {name}; the forecast follows that zone"
    zone = Zone(offset=last)
    return (
        zone,
        f"the offsets {seen} from UTC change as in no known zone; the last, {zone.write(last)}, is kept",
    )


def _axis(wall: np.ndarray, offsets: np.ndarray, zone: Zone) -> int | None:
    """None where steps are counted by the clock on the wall, as days are; else the offset of a clock that never
    changes, as hours need it, which may go on into a change."""
    if len(offsets) == 0:
        return None
    if (offsets == offsets[0]).all():
        apart = np.diff(distinct(wall))
        hours = len(apart) > 0 and np.median(apart) < np.timedelta64(1, "D")
        return int(offsets[0]) if zone.name and hours else None
    standard = int(offsets.min())
    steady = wall + (standard - offsets).astype("timedelta64[s]")
    by_wall = 0 if len(distinct(wall)) < len(distinct(steady)) else evenness(wall)
    return standard if evenness(steady) > by_wall else None
