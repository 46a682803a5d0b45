"""Checks of what is run and trained on: finite values, indices, lengths, weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import all_finite, numbers
from elman.equations.ranges import Range
from elman.errors import DataError, ShapeError

STRIP = 1 << 18  # values looked at in one go


def same_index(x: Any, target: Any) -> None:
    """Refuse pandas objects whose rows have other names or another order: they would be matched by place."""
    mine: Any = getattr(x, "index", None)
    other: Any = getattr(target, "index", None)
    if hasattr(mine, "equals") and hasattr(other, "equals") and len(mine) == len(other) and not mine.equals(other):
        raise DataError(
            "x and target have different indexes, and rows are matched by their place; align them "
            "(target.loc[x.index]), or give both as arrays (.to_numpy()) if they go together as they stand"
        )


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


def check_finite(array: np.ndarray, name: str, lengths: np.ndarray | None = None, of_nan: str = "") -> None:
    """Raise `DataError` at the first NaN or infinity that is in use; a strip at a time, so that nothing is copied.

    `of_nan` is what else may be done about a NaN.
    """
    if array.size <= STRIP and all_finite(array):
        return
    rows = max(1, STRIP // max(1, array[:1].size))
    for first in range(0, len(array), rows):
        strip = array[first : first + rows]
        finite = np.isfinite(strip)
        if finite.all():
            continue
        place = first_place(~finite, lengths, first)
        if place is not None:
            value = array[place]
            large = "" if np.isnan(value) else f" ({array.dtype} holds numbers up to {np.finfo(array.dtype).max:.2g})"
            raise DataError.at(
                name,
                place,
                f"is {value}: expected finite numbers{large}; "
                f"fill or drop such values, or cut rows with `lengths`{of_nan if np.isnan(value) else ''}",
            )


def check_range(array: np.ndarray, said: Range, features: slice, name: str, lengths: np.ndarray | None = None) -> None:
    """Raise `DataError` at the first value in use that equations take for one of another range."""
    place = first_place(said.misses(array[..., features]), lengths)
    if place is not None:
        *before, feature = place
        place = (*before, range(array.shape[-1])[features][feature])
        raise DataError.at(name, place, f"is {array[place]:.6g}: expected {said.expected}")


def check_indices(array: np.ndarray, count: int, name: str, lengths: np.ndarray | None = None) -> None:
    """Raise `DataError` at the first value in use that is no index of a table of so many rows."""
    place = first_place(~((array >= 0) & (array < count) & (array == np.floor(array))), lengths)
    if place is not None:
        raise DataError.at(
            name,
            place[:-1],
            f"is {array[place]:.15g}: expected indices, whole numbers 0..{count - 1}, "
            f"as the layer that reads them has a table of {count}",
        )


def as_lengths(lengths: Any, rows: int, steps: int) -> np.ndarray | None:
    """Lengths as the engine takes them, (N,) in 0..T."""
    if lengths is None:
        return None
    found = numbers(lengths, "lengths")
    if found.shape != (rows,):
        raise ShapeError(f"lengths has shape {found.shape}, expected ({rows},), one for each row of x")
    if found.dtype.kind == "b":
        raise DataError("lengths holds yes and no; expected the number of steps in use of each row: mask.sum(axis=1)")
    wrong = np.flatnonzero(~((found >= 0) & (found <= steps) & (found == np.floor(found))))
    if len(wrong):
        says = f"is {found[wrong[0]]}: expected whole numbers 0..{steps}, the steps of x"
        raise DataError.at("lengths", (int(wrong[0]),), says)
    return np.ascontiguousarray(found, np.int64)
