"""Forecasts that need no training. A model that does not beat them is not worth its weights."""

from __future__ import annotations

import numpy as np

from elman.checks import row, whole
from elman.errors import DataError


def naive(history: np.ndarray, horizon: int) -> np.ndarray:
    """The last value, again and again.

    Parameters
    ----------
    history : array, shape (n,)
        One value at least.
    horizon : int
        How many values to forecast.

    Returns
    -------
    ndarray, shape (horizon,)

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.forecast.naive(np.array([1.0, 2.0, 3.0]), 2)
    array([3., 3.])
    """
    return np.full(whole(horizon, "horizon"), row(history, "history")[-1])


def seasonal_naive(history: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The last season, again and again.

    Parameters
    ----------
    history : array, shape (n,)
        At least one season.
    horizon : int
        How many values to forecast.
    season : int
        Steps of a season.

    Returns
    -------
    ndarray, shape (horizon,)

    Examples
    --------
    >>> import numpy as np
    >>> seasonal_naive(np.array([1.0, 2.0, 3.0, 4.0]), 5, season=3)
    array([2., 3., 4., 2., 3.])
    """
    history, horizon, season = row(history, "history"), whole(horizon, "horizon"), whole(season, "season")
    if len(history) < season:
        raise DataError(f"the history has {len(history)} values, less than one season of {season}")
    return np.resize(history[-season:], horizon)
