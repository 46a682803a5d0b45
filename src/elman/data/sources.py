"""What a window sampler samples from: an array, a data frame, a series or a function of time, as values and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import check_polars, nearest
from elman.data.index_times import index_times
from elman.data.series import Series
from elman.data.times import label
from elman.errors import DataError, OptionError


@dataclass(frozen=True)
class Recorded:
    """A recorded series of any number of features.

    Attributes
    ----------
    values : ndarray, shape (n, F)
        Finite.
    times : ndarray, shape (n,)
        Of the rows; their numbers 0 .. n-1 where nothing is known of the times.
    names : tuple
        Of the features: the columns of a data frame, else 0 .. F-1.
    """

    values: np.ndarray
    times: np.ndarray
    names: tuple[Any, ...]


def recorded(source: Any, times: Any, dtype: np.typing.DTypeLike) -> Recorded:
    """An array, an Elman `Series`, or a Series or DataFrame of pandas or polars; `times` stand in for its own.

    Raises
    ------
    DataError
        If it holds something else than finite numbers, or does not have as many times as rows.
    """
    check_polars(source, "the series")
    names: tuple[Any, ...] = ()
    own: np.ndarray | None = None
    if isinstance(source, Series):
        values, own, names = source.values, source.times, (source.target,)
    elif hasattr(source, "to_numpy"):  # pandas, polars, or what behaves like them
        values, own = source.to_numpy(), _index_times(getattr(source, "index", None))
        names = tuple(getattr(source, "columns", ()))
    else:
        values = np.asarray(source)
    values = _numbers(values, dtype)
    names = names or tuple(range(values.shape[1]))
    chosen = own if times is None else np.asarray(times)
    chosen = np.arange(len(values)) if chosen is None else chosen
    if chosen.shape != (len(values),):
        raise DataError(f"times have shape {chosen.shape}, expected ({len(values)},), one for each row of the series")
    _check_finite(values, chosen, names)
    return Recorded(values, chosen, names)


def evaluated(function: Callable[[np.ndarray], Any], times: np.ndarray) -> np.ndarray:
    """A function's values (..., F) at times (...).

    Raises
    ------
    DataError
        If the function does not take an array, or gives another shape than `times` or `times` and features, or
        values that are not finite.
    """
    try:
        values = np.asarray(function(times), np.float64)
    except TypeError as error:
        raise DataError(
            f"the function does not take an array of times ({error}); write it with NumPy, or wrap it in np.vectorize"
        ) from error
    if values.shape == times.shape:
        values = values[..., None]
    if values.shape[:-1] != times.shape:
        raise DataError(
            f"the function gives values of shape {values.shape} at times of shape {times.shape}; "
            "expected one value for each time, or a last axis of features"
        )
    wrong = ~np.isfinite(values).all(axis=-1)
    if wrong.any():
        raise DataError(f"the function is not finite at time {times[wrong][0]:g}; choose another start or stop")
    return values


def columns(wanted: Any, names: Sequence[Any], what: str) -> list[int] | None:
    """Places of the features that `wanted` names, one or a list; None for all of them."""
    if wanted is None:
        return None
    chosen = [wanted] if isinstance(wanted, str | int | np.integer) else list(wanted)
    missing = [c for c in chosen if c not in names]
    if missing or not chosen:
        hint = nearest(missing[0], [str(n) for n in names]) if missing and isinstance(missing[0], str) else ""
        raise OptionError(f"{what}={wanted!r}{hint}: expected one or several of the columns {list(names)}")
    return [list(names).index(c) for c in chosen]


def _numbers(values: np.ndarray, dtype: np.typing.DTypeLike) -> np.ndarray:
    """(n, F) numbers."""
    if values.dtype.kind not in "fiub":
        raise DataError(
            f"the series holds {values.dtype} values, expected numbers; leave out columns of text or times, "
            "as in frame[['load', 'price']]"
        )
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or 0 in values.shape:
        raise DataError(f"expected a series of shape (n,) or (n, F), got shape {values.shape}")
    return values.astype(dtype, copy=False)


def _index_times(index: Any) -> np.ndarray | None:
    """Times of a data frame's index; None where it holds names instead."""
    found = index_times(index)
    return None if found is None else found.times


def _check_finite(values: np.ndarray, times: np.ndarray, names: Sequence[Any]) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = (int(i) for i in wrong[0])
        raise DataError(
            f"the series is {values[row, column]} in row {row} (time {label(times[row])}), column {names[column]!r}: "
            "expected finite numbers; fill or drop such rows first"
        )
