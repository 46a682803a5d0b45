"""What errors are measured in, to compare series: how far seasonal naive errs, one step ahead, on the history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from elman.checks import floats, whole
from elman.errors import DataError, ShapeError


def naive_errors(history: np.ndarray, season: int) -> np.ndarray:
    """The changes of a history over a season; where either end is missing there is none."""
    changes = history[season:] - history[:-season]
    return changes[~np.isnan(changes)]


def naive_scale(history: np.ndarray, season: int = 1, *, squared: bool = False) -> float:
    """The mean absolute change of a history over a season, or the root of its mean square.

    Parameters
    ----------
    history : array, shape (n,)
        NaN where a value is missing.
    season : int, default 1
        Steps m of a season.
    squared : bool, default False
        Whether the root mean square is taken, as RMSSE does, and not the mean absolute value, as MASE does.

    Returns
    -------
    float
        NaN where the history repeats itself to rounding, or is no longer than a season.
    """
    errors = naive_errors(history, season)
    if not errors.size:
        return float("nan")
    most = np.abs(errors).max()
    if most <= 1e-10 * np.nanmax(np.abs(history)):
        return float("nan")
    return float(most * np.sqrt(np.mean(np.square(errors / most))) if squared else np.mean(np.abs(errors)))


def naive_scales(
    histories: Iterable[np.typing.ArrayLike] | np.ndarray,
    season: int | np.typing.ArrayLike = 1,
    *,
    squared: bool = False,
) -> np.ndarray:
    """What the errors of each series are divided by.

    ``mean |x[t] - x[t - m]|``, or the root of the mean of its square. Where that is zero or undefined (a history
    that repeats its season exactly, or is no longer) it is that of one step, ``m = 1``; and NaN where the history is
    constant: such a series has no scale, and whoever averages says how many were left out.

    Parameters
    ----------
    histories : array (S, T), or S arrays
        All that was known before; NaN where a value is missing or a series has not begun.
    season : int or array (S,), default 1
        Steps m of a season of each; 1 where there is none.
    squared : bool, default False
        For RMSSE, whose root is of squares.

    Returns
    -------
    ndarray, shape (S,)

    Examples
    --------
    >>> naive_scales([[0.0, 1.0, 3.0, 6.0], [5.0, 5.0, 5.0, 5.0]])
    array([ 2., nan])
    """
    rows = [_history(history, number) for number, history in enumerate(histories)]
    seasons = _seasons(season, len(rows))
    scales = [naive_scale(row, m, squared=squared) for row, m in zip(rows, seasons, strict=True)]
    short = [naive_scale(row, 1, squared=squared) for row in rows]
    return np.where(np.isnan(scales), short, scales)


def _history(given: Any, number: int) -> np.ndarray:
    history = floats(given, f"histories[{number}]")
    if history.ndim != 1:
        raise ShapeError(f"histories[{number}] has shape {history.shape}; expected (n,)")
    if np.isinf(history).any():
        raise DataError(f"histories[{number}] holds infinity; expected numbers, NaN where one is missing")
    return history


def _seasons(given: Any, series: int) -> list[int]:
    if np.ndim(given) == 0:
        return [whole(given, "season")] * series
    seasons = [whole(m, f"season[{number}]") for number, m in enumerate(given)]
    if len(seasons) != series:
        raise ShapeError(f"season has {len(seasons)} values and there are {series} histories")
    return seasons
