"""Which season each series of a collection has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.data.collection import Collection
from elman.data.seasons import seasons_of
from elman.errors import DataError
from elman.forecast.rivals.histories import Histories
from elman.forecast.rivals.seasonal import filled, shows_season
from elman.forecast.season import detect_seasons

LONGEST = 400  # steps of a season that is looked for
MOST_SHORT = 24  # a season with more steps than a day has is looked at even of series that do not show it
FIRST_YEAR, LAST_YEAR = 1000, 2999


@dataclass(frozen=True)
class Seasons:
    """Seasons of a collection.

    Attributes
    ----------
    first : ndarray of int, shape (S,)
        The shortest season of each series, 1 for none.
    longer : tuple of int
        Longer ones, of the calendar, that a series is long enough for.
    notes : tuple of str
        Where they come from, for the user.
    """

    first: np.ndarray
    longer: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def histories(self, collection: Collection) -> Histories:
        """The values of a collection, with these seasons."""
        return Histories.of([collection.series(s) for s in range(len(collection))], self.first)


def seasons_found(collection: Collection, given: int | None) -> Seasons:
    """The season that is given, or that of the calendar where a series shows it, or what its autocorrelation shows."""
    lengths = collection.lengths
    if given is not None:
        if given > lengths.max():
            raise DataError(
                f"the season is {given} steps, but the longest series has {lengths.max()} values; give a season that "
                "it holds"
            )
        return Seasons(np.full(len(lengths), int(given)), ())
    calendar = [m for m in _calendar(collection) if m <= LONGEST and lengths.max() >= 2 * m]
    return _shown(collection, calendar) if calendar else _detected(collection)


def _calendar(collection: Collection) -> tuple[int, ...]:
    """Seasons of the calendar; of years in decimals, such as 1959.25, the steps of a year."""
    if not _are_years(collection):
        return seasons_of(collection.step)
    steps = 1 / collection.step.size  # type: ignore[union-attr]
    return (round(steps),) if steps >= 2 and abs(steps - round(steps)) < 1e-3 * steps else ()


def _shown(collection: Collection, calendar: list[int]) -> Seasons:
    """Of the calendar's seasons the shortest that each series shows, and all that are long."""
    first = np.ones(len(collection), np.int64)
    histories = Seasons(first, ()).histories(collection)
    for season in sorted(calendar, reverse=True):
        first = np.where(shows_season(filled(histories.values, season), season), season, first)
    return Seasons(first, tuple(m for m in calendar if m > MOST_SHORT or m != calendar[0]))


def _are_years(collection: Collection) -> bool:
    """Whether times are numbers that can be years, whole or in decimals."""
    step, times = collection.step, collection.times
    if step is None or times is None or step.unit != "number" or not 0 < step.size <= 1:
        return False
    return bool(times.min() >= FIRST_YEAR and times.max() <= LAST_YEAR)


def _detected(collection: Collection) -> Seasons:
    """What autocorrelations show, and the longer seasons that half of the series that have a season show."""
    found = [_seasons_in(collection.series(s)) for s in range(len(collection))]
    first = np.array([seasons[0] if seasons else 1 for seasons in found])
    longer = [m for seasons in found for m in seasons[1:]]
    often = sorted(m for m in set(longer) if 2 * longer.count(m) >= np.count_nonzero(first > 1))
    return Seasons(first, tuple(often))


def _seasons_in(values: np.ndarray) -> tuple[int, ...]:
    known = filled(values[None], 1)[0]
    found = detect_seasons(known) if len(known) > 8 and np.isfinite(known).all() else ()
    return tuple(m for m in found if m <= LONGEST)
