"""Where the forecasts of a backtest begin."""

from __future__ import annotations

import numpy as np

MOST_TESTS = 100  # forecasts of a backtest, where their number is not given


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
