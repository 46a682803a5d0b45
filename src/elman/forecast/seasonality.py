"""Which season each series of a collection has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.data.collection import Collection
from elman.data.seasons import seasons_of
from elman.errors import DataError
from elman.forecast.rivals.histories import Histories
from elman.forecast.rivals.seasonal import filled, is_seasonal
from elman.forecast.season import detect_season

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
    calendar = [m for m in seasons_of(collection.step) if m <= LONGEST and lengths.max() >= 2 * m]
    if not calendar:
        looked = [collection.series(s) if _says_nothing(collection) else [] for s in range(len(lengths))]
        return Seasons(np.array([_detected(np.asarray(values)) for values in looked]), ())
    histories = Histories.of([collection.series(s) for s in range(len(lengths))])
    first = np.ones(len(lengths), np.int64)
    for season in sorted(calendar, reverse=True):
        shows = is_seasonal(filled(histories.values, season), season)
        first = np.where(shows, season, first)
    return Seasons(first, tuple(m for m in calendar if m > MOST_SHORT or m != calendar[0]))


def _says_nothing(collection: Collection) -> bool:
    """Whether times leave open what a season could be: rows, or numbers other than years."""
    if collection.step is None or collection.times is None:
        return True
    if collection.step.unit != "number":
        return False
    years = collection.step.size == 1 and collection.times.min() >= FIRST_YEAR and collection.times.max() <= LAST_YEAR
    return not years


def _detected(values: np.ndarray) -> int:
    known = filled(values[None], 1)[0]
    found = detect_season(known) if len(known) > 8 and np.isfinite(known).all() else None
    return found if found is not None and found <= LONGEST else 1
