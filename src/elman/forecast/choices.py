"""What a forecaster decides by itself, where it is not told: lookback, validation stretch, origins of a backtest."""

from __future__ import annotations

import numpy as np

from elman.data.names import counted
from elman.errors import DataError

LONGEST_REMEMBERED = 24  # a longer season is given to the network as an input: memory over more steps is slow to learn
LONGEST_LOOKBACK = 64
MOST_WINDOWS = 400  # windows in an epoch; of more, every second, third, ... is taken
MOST_ORIGINS = 24  # forecasts that judge an epoch
MOST_TESTS = 100  # forecasts of a backtest, where their number is not given


def choose_lookback(n: int, horizon: int, season: int | None, lost: int) -> int:
    """Four seasons, so that the network sees a season vary; one if the season is an input of its own; 32 without one.

    At most 64 steps, and at most a third of what the series has beyond the horizon.
    """
    wanted = 32 if season is None else 4 * season if season <= LONGEST_REMEMBERED else season
    return max(min(wanted, LONGEST_LOOKBACK, (n - lost - horizon) // 3), 2)


def choose_validation(n: int, horizon: int, reserved: int) -> int:
    """Values at the end that judge each epoch: twice the horizon or a tenth of the series, at most a quarter of it.

    Parameters
    ----------
    n : int
        Length of the series.
    horizon : int
        Steps to forecast.
    reserved : int
        Values that training needs in any case.
    """
    return max(min(max(2 * horizon, n // 10), n // 4, n - reserved), 0)


def choose_origins(n: int, horizon: int, earliest: int, count: int | None = None) -> np.ndarray:
    """Where the forecasts of a backtest begin: as index of the first value to be forecast.

    The last forecast ends with the series, the others begin half a horizon apart from one another. By default they
    cover three horizons or a fifth of the series, whichever is more, further apart if there would be over a hundred.

    Parameters
    ----------
    n : int
        Length of the series.
    horizon : int
        Steps of each forecast.
    earliest : int
        No origin lies before it.
    count : int, optional
        How many origins.

    Returns
    -------
    ndarray of int
        Increasing; empty where the series is too short.

    Examples
    --------
    >>> choose_origins(309, 22, earliest=100)
    array([243, 254, 265, 276, 287])
    """
    stride = max(horizon // 2, 1)
    if count is None:
        reach = max(3 * horizon, n // 5) - horizon
        stride = max(stride, -(-reach // (MOST_TESTS - 1)))
        count = 1 + reach // stride
    origins = n - horizon - stride * np.arange(count)[::-1]
    return origins[origins >= earliest]


def check_length(n: int, lookback: int, horizon: int, lost: int) -> None:
    """Refuse a series that is shorter than lookback and horizon together.

    Raises
    ------
    DataError
        With the numbers.
    """
    if n >= lookback + horizon + lost:
        return
    extra = f" + {lost} for differences and the season" if lost else ""
    raise DataError(
        f"the series has {counted(n, 'values')}; a lookback of {lookback} and a horizon of {horizon}{extra} need at "
        f"least {lookback + horizon + lost}. Give a longer series, a shorter lookback or a shorter horizon"
    )


def choose_lag(n: int, season: int | None, needed: int) -> int:
    """The season as an input of its own, if it is long and the series is long enough; else 0."""
    return season if season is not None and season > LONGEST_REMEMBERED and n >= season + needed else 0
