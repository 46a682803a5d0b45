"""Checks of what is trained on: values that are no numbers, lengths, weights, counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.errors import DataError, OptionError, ShapeError

STRIP = 1 << 18  # values looked at in one go


def first_place(wrong: np.ndarray, lengths: np.ndarray | None, first_row: int = 0) -> tuple[int, ...] | None:
    """The first place (row, step, feature) that is marked and in use; `wrong` begins at row `first_row`."""
    if not wrong.any():
        return None
    if lengths is not None and wrong.ndim == 3:
        used = np.arange(wrong.shape[1]) < lengths[first_row : first_row + len(wrong), None]
        wrong = wrong & used[:, :, None]
    places = np.argwhere(wrong)
    if not len(places):
        return None
    row, *rest = (int(i) for i in places[0])
    return (first_row + row, *rest)


def check_finite(array: np.ndarray, name: str, lengths: np.ndarray | None = None) -> None:
    """Raise `DataError` at the first NaN or infinity that is in use; a strip at a time, so that nothing is copied."""
    rows = max(1, STRIP // max(1, array[:1].size))
    for first in range(0, len(array), rows):
        strip = array[first : first + rows]
        place = first_place(~np.isfinite(strip), lengths, first)
        if place is not None:
            raise DataError(
                f"{name}{list(place)} is {array[place]}: expected finite numbers; "
                "fill or drop such values before training, or cut rows with `lengths`"
            )


def as_lengths(lengths: Any, rows: int, steps: int) -> np.ndarray | None:
    """Lengths as the engine takes them, (N,) in 1..T."""
    if lengths is None:
        return None
    found = np.asarray(lengths)
    if found.shape != (rows,):
        raise ShapeError(f"lengths has shape {found.shape}, expected ({rows},), one for each row of x")
    if np.any(found != np.floor(found)) or np.any(found < 1) or np.any(found > steps):
        wrong = int(np.flatnonzero((found < 1) | (found > steps) | (found != np.floor(found)))[0])
        raise DataError(f"lengths[{wrong}] is {found[wrong]}: expected whole numbers 1..{steps}, the steps of x")
    return np.ascontiguousarray(found, np.int64)


def as_weights(weights: Any, rows: int, dtype: np.dtype) -> np.ndarray | None:
    """Sample weights as the engine takes them, (N,), none negative and not all zero."""
    if weights is None:
        return None
    found = np.ascontiguousarray(weights, dtype)
    if found.shape != (rows,):
        raise ShapeError(f"sample_weight has shape {found.shape}, expected ({rows},), one for each row of x")
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(wrong):
        raise DataError(f"sample_weight[{wrong[0]}] is {found[wrong[0]]}: expected finite numbers of at least 0")
    if not found.any():
        raise DataError("sample_weight is 0 for every row: nothing is left to train on")
    return found


def whole(number: Any, name: str, least: int = 1) -> int:
    """A whole number of at least `least`."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise OptionError(f"{name} must be a whole number of at least {least}, got {number!r}")
    return int(number)
