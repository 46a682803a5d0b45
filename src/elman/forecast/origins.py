"""Rolling origins: where forecasts start that are judged by what came then."""

from __future__ import annotations

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


def origins_of_long(count: int, horizon: int) -> np.ndarray:
    """The first origins of a series that is long enough for so many, (K,), the newest first."""
    return horizon + _apart(horizon) * np.arange(count)


def _apart(horizon: int) -> int:
    """Steps from one origin to the next: half a horizon."""
    return max(horizon // 2, 1)
