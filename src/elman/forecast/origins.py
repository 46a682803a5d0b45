"""Rolling origins: where forecasts start that are judged by what came then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FEWEST, MOST = 6, 16  # origins of a series at most: few where there are many series, which tell of one another
ENOUGH = 500  # origins of all series together
SHARE = 3  # of a series, at most one part in so many is held back, beside the first horizon
LEAST = 5  # values that a method must have seen, or a season and as many


def rolling_origins(lengths: np.ndarray, season: np.ndarray, horizon: int) -> list[np.ndarray]:
    """For each series the origins, as numbers of values before its end, (K,), the newest first.

    They lie half a horizon apart. The newest has a whole horizon behind it, unless the series is too short for that:
    then a third of its values. A series that is too short for any has none.

    Examples
    --------
    >>> rolling_origins(np.array([14, 60, 3]), np.array([1, 12, 1]), horizon=6)
    [array([6]), array([ 6,  9, 12, 15, 18]), array([], dtype=int64)]
    """
    found, most = [], int(np.clip(ENOUGH // max(len(lengths), 1), FEWEST, MOST))
    for n, m in zip(lengths.tolist(), season.tolist(), strict=True):
        least = LEAST + (m if n >= 2 * m + LEAST else 0)
        first = horizon if n - horizon >= max(least, n // 2) else n // 3
        if first < 1 or n - first < LEAST - 1:
            found.append(np.zeros(0, np.int64))
            continue
        step = _apart(horizon)
        farthest = max(min(n // SHARE, n - 2 * least), first)
        found.append(first + step * np.arange(min((farthest - first) // step + 1, most)))
    return found


def by_origin(found: np.ndarray, origins: Sequence[np.ndarray], most: int) -> np.ndarray:
    """What was found at the origins of each series, (S, K, ...), with those of one origin below one another.

    Of the origins that come up, those that most series have, at most so many, the newest first; NaN where a series
    lacks one.

    Examples
    --------
    >>> by_origin(np.array([[1.0, 2.0], [3.0, np.nan]]), [np.array([6, 9]), np.array([9])], 5)
    array([[ 1.,  2.],
           [nan,  3.]])
    """
    counts = [len(mine) for mine in origins]
    series, every = np.repeat(np.arange(len(origins)), counts), np.concatenate(origins)
    number = np.arange(len(every)) - np.repeat(np.cumsum(counts) - counts, counts)
    _, place, common = np.unique(every, return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-common, kind="stable")[:most])
    used = np.isin(place, kept)
    made = np.full((len(origins), len(kept), *found.shape[2:]), np.nan)
    made[series[used], np.searchsorted(kept, place[used])] = found[series[used], number[used]]
    return made


def origins_of_long(count: int, horizon: int) -> np.ndarray:
    """The first origins of a series that is long enough for so many, (K,), the newest first."""
    return horizon + _apart(horizon) * np.arange(count)


def _apart(horizon: int) -> int:
    """Steps from one origin to the next: half a horizon."""
    return max(horizon // 2, 1)
