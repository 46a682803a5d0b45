"""Many series side by side, as simple methods forecast them, and what all of these methods share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from elman.checks import shown, whole
from elman.errors import DataError
from elman.forecast.side_by_side import side_by_side

LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class Histories:
    """Series of one step each, right-aligned: all end at the same place of an array.

    Parameters
    ----------
    values : array, shape (S, T)
        float64; NaN before a series starts, and where a value is missing.
    lengths : array of int, shape (S,)
        How many steps each series has, missing values among them.
    season : array of int, shape (S,)
        Steps of a season, 1 where there is none.
    beside : optional
        What else is known of the series, with a method ``rows(index, longest)``; rivals do not look at it.
    """

    values: np.ndarray
    lengths: np.ndarray
    season: np.ndarray
    beside: Any = None

    def __post_init__(self) -> None:
        shape = (len(self.values),)
        if self.values.ndim != 2 or self.lengths.shape != shape or self.season.shape != shape:
            raise DataError(
                f"values are {shown(self.values)}, lengths {shown(self.lengths)} and seasons {shown(self.season)}; "
                "expected (S, T), (S,) and (S,)"
            )
        if np.isinf(self.values).any():
            raise DataError("values have infinite numbers; expected finite ones, or NaN where one is missing")
        if (self.lengths > self.values.shape[1]).any() or (self.lengths < 0).any() or (self.season < 1).any():
            raise DataError("expected lengths from 0 to T, and seasons of at least 1 step")

    @classmethod
    def of(cls, series: Sequence[Any], season: Any = 1) -> Histories:
        """Histories of arrays of any lengths, with one season for all or one for each.

        Examples
        --------
        >>> Histories.of([[1, 2, 3], [4]], season=1).values
        array([[ 1.,  2.,  3.],
               [nan, nan,  4.]])
        """
        arrays = [np.asarray(s, np.float64) for s in series]
        lengths = np.array([len(a) for a in arrays], np.int64)
        values = np.full((len(arrays), max(lengths, default=0)), np.nan)
        for row, array in zip(values, arrays, strict=True):
            row[len(row) - len(array) :] = array
        return cls(values, lengths, np.broadcast_to(np.asarray(season, np.int64), lengths.shape))

    def rows(self, index: np.ndarray) -> Histories:
        """Some of the series, without the columns that none of them has."""
        lengths = self.lengths[index]
        longest = int(lengths.max(initial=0))
        beside = None if self.beside is None else self.beside.rows(index, longest)
        return Histories(self.values[index, self.values.shape[1] - longest :], lengths, self.season[index], beside)

    @property
    def starts(self) -> np.ndarray:
        """The column of each series' first step, (S,)."""
        return self.values.shape[1] - self.lengths


class Rival(Protocol):
    """A method that forecasts many series at once."""

    @property
    def name(self) -> str: ...

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts from several origins, (S, K, H).

        Parameters
        ----------
        histories : Histories
            S series.
        horizon : int
            How many values to forecast, H.
        origins : array of int, shape (K,)
            How many values before the end of its series each forecast starts; 0 at the end. Parameters are estimated
            on the values before the earliest origin alone; states then roll on through the later ones.

        Returns
        -------
        ndarray, shape (S, K, H)
            NaN where no value of a series comes before an origin, and nowhere else.
        """
        ...


Forecast = Callable[[Histories, int, np.ndarray], np.ndarray]


def forecast_alike(
    histories: Histories, horizon: int, origins: np.ndarray, forecast: Forecast, rows: int
) -> np.ndarray:
    """Forecasts of groups of at most `rows` series that share a season and are about as long, put together.

    Values are brought near 1 by a power of two, which changes no digit, so that no square leaves what float64 holds.
    What a method fails to forecast has the last value.
    """
    horizon, origins = whole(horizon, "horizon"), checked_origins(origins)
    result = np.full((len(histories.values), len(origins), horizon), np.nan)

    def work(index: np.ndarray) -> None:
        group = histories.rows(index)
        if group.values.size:
            result[index] = _forecast_group(group, horizon, origins, forecast)

    side_by_side(work, _groups(histories, rows))
    return result


def _forecast_group(group: Histories, horizon: int, origins: np.ndarray, forecast: Forecast) -> np.ndarray:
    exponents = exponents_of(known(group, origins))
    scaled = Histories(np.ldexp(group.values, -exponents[:, None]), group.lengths, group.season)
    with np.errstate(all="ignore"):
        made = np.ldexp(forecast(scaled, horizon, origins), exponents[:, None, None])
    last = last_values(group.values, origins)[..., None]
    return np.where(np.isfinite(made) & np.isfinite(last), made, last)


def exponents_of(values: np.ndarray) -> np.ndarray:
    """Of the power of two that is about the largest of each row, (S,); 0 for rows without values."""
    return np.frexp(np.abs(np.nan_to_num(values)).max(1, initial=0.0))[1]


def _groups(histories: Histories, rows: int) -> Iterator[np.ndarray]:
    order = np.lexsort((histories.lengths, histories.season))
    for season in np.unique(histories.season):
        alike = order[histories.season[order] == season]
        yield from np.array_split(alike, -(-len(alike) // rows))


def checked_origins(origins: Any) -> np.ndarray:
    """Numbers of values before the end, as an array of int, (K,)."""
    origins = np.atleast_1d(np.asarray(origins))
    if origins.ndim != 1 or not len(origins) or origins.dtype.kind not in "iu" or (origins < 0).any():
        raise DataError(f"origins are {shown(origins)}; expected whole numbers of at least 0, in one dimension")
    return origins.astype(np.int64)


def known(histories: Histories, origins: np.ndarray) -> np.ndarray:
    """Values before the earliest origin, NaN behind it, (S, T).

    Of a series that has none there, those before the earliest origin that it has values for.
    """
    length = histories.values.shape[1]
    first = np.argmax(np.isfinite(histories.values), axis=1)  # (S,)
    ends = length - np.sort(origins)[::-1]  # (K,) earliest first
    reachable = ends[None] > first[:, None]
    end = np.where(reachable.any(1), ends[np.argmax(reachable, 1)], 0)
    return np.where(np.arange(length) < end[:, None], histories.values, np.nan)


def at_origins(running: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """What was known after each step, (S, T), as it stood at each origin, (S, K); NaN before the first step."""
    before = np.concatenate([np.full_like(running[:, :1], np.nan, dtype=np.float64), running], axis=1)
    return before[:, np.maximum(running.shape[1] - origins, 0)]


def last_places(values: np.ndarray) -> np.ndarray:
    """The column of the newest value up to each step, (S, T); -1 where there is none."""
    places = np.where(np.isfinite(values), np.arange(values.shape[1]), -1)
    return np.maximum.accumulate(places, axis=1)


def held(values: np.ndarray) -> np.ndarray:
    """The newest value up to each step, (S, T); NaN before the first."""
    places = last_places(values)
    return np.where(places >= 0, np.take_along_axis(values, np.maximum(places, 0), 1), np.nan)


def last_values(values: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """The newest value before each origin, (S, K)."""
    return at_origins(held(values), origins)


def in_order(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Sums taken in order, so that neither what stands beside nor zeros before or behind change a digit."""
    if not values.shape[axis]:
        return values.sum(axis)
    return np.cumsum(values, axis).take(-1, axis)


def mean_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """The mean of what is no NaN; NaN where all are."""
    count = np.isfinite(values).sum(axis)
    total = in_order(np.nan_to_num(values), axis)
    return np.where(count, total / np.maximum(count, 1), np.nan)
