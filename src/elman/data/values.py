"""Numbers of whatever holds some: arrays, lists, columns of data frames; NaN where one is missing."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from elman.checks import check_polars, shown
from elman.errors import DataError

_KINDS = {"U": "texts", "S": "bytes", "b": "booleans", "c": "complex numbers", "M": "dates", "m": "durations"}


def numbers_of(given: Any, what: str) -> np.ndarray:
    """Any array of numbers as float64, a copy; NaN where one is masked or missing.

    Parameters
    ----------
    given : array, list, or what NumPy makes an array of
    what : str
        Its name, for messages.

    Raises
    ------
    DataError
        If it holds something else: texts, booleans, dates, rows of unequal length.

    Examples
    --------
    >>> numbers_of([1, None, 2.5], "sales")
    array([1. , nan, 2.5])
    """
    if isinstance(given, np.ma.MaskedArray):
        _check_kind(given.data, what)
        return np.ma.filled(given.astype(np.float64), np.nan)
    check_polars(given, what)
    try:
        found = np.asarray(given)
    except (TypeError, ValueError) as error:  # rows of unequal length
        raise DataError(f"{what} is no array of numbers: {error}") from error
    if found.dtype == object:
        return _of_objects(found, what)
    _check_kind(found, what)
    return np.array(found, np.float64)


def is_absent(value: Any) -> bool:
    """Whether a Python object stands for a missing value: None, NaN, or what pandas has for them."""
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def is_amount(value: Any) -> bool:
    """Whether a Python object is a number, and not True or False."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_) or type(value).__name__ == "Decimal"


def _check_kind(array: np.ndarray, what: str) -> None:
    if array.dtype.kind not in "iuf":
        example = f", such as {array.flat[0]}," if array.size else ""
        first = "Complex data not supported: " if array.dtype.kind == "c" else ""
        kind = _KINDS.get(array.dtype.kind, array.dtype)
        raise DataError(f"{first}{what} holds {kind}{example} instead of numbers; convert them first")


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    """Python's numbers; None and pandas' NA are missing."""
    found = np.empty(array.shape)
    for place, value in np.ndenumerate(array):
        if is_absent(value):
            found[place] = np.nan
        elif is_amount(value):
            found[place] = float(value)
        else:
            where = f" at index {', '.join(map(str, place))}" if place else ""
            raise DataError(f"{what} is {shown(value)}{where}; expected numbers: convert them first")
    return found
