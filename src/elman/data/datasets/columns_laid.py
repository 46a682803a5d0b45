"""Columns of a stretch of a table, as arrays of a row, or of a case, each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from elman.data.datasets.stretches import Column
from elman.errors import DataError

Place = Callable[[int], str]
"""What messages call a row, by its number in the stretch."""


def stacked(found: Mapping[str, Column], columns: str | list[str], place: Place) -> np.ndarray:
    """Columns beside one another: (n,), (n, C), (n, T) or (n, T, C)."""
    if isinstance(columns, str):
        return laid(found[columns])
    lengths = [found[name].lengths for name in columns]
    for name, some in zip(columns, lengths, strict=True):
        if (some is None) != (lengths[0] is None):
            raise DataError(
                f"column {columns[0]!r} and column {name!r}: one holds lists and the other numbers; give what has no "
                "steps as an input of its own: inputs={'x': [...], 'fixed': [...]}"
            )
        if some is not None and lengths[0] is not None and (some != lengths[0]).any():
            row = int(np.argmax(some != lengths[0]))
            raise DataError(
                f"{place(row)}: column {name!r} has {some[row]} values and column {columns[0]!r} "
                f"{lengths[0][row]}; expected as many in each row"
            )
    if len(columns) == 1 and found[columns[0]].values.ndim == 2:
        return laid(found[columns[0]])
    values = np.stack([found[name].values for name in columns], axis=-1)
    return laid(Column(values, lengths[0]))


def one_of_each(column: Column, name: str, place: Place) -> np.ndarray:
    """The one value of each case."""
    assert column.lengths is not None
    begins = np.concatenate([[0], np.cumsum(column.lengths)[:-1]])
    values = column.values[begins]
    wrong = np.flatnonzero(column.values != np.repeat(values, column.lengths))
    wrong = wrong[~np.isnan(column.values[wrong].astype(np.float64))]
    if len(wrong):
        case = int(np.searchsorted(np.cumsum(column.lengths), wrong[0], side="right"))
        raise DataError(
            f"{place(case)}: column {name!r} is {values[case]} and {column.values[wrong[0]]} in one "
            "case; expected one value for all of its steps: give target for one at each"
        )
    return values


def steps_of(found: Mapping[str, Column], by_name: Mapping[str, str | list[str]]) -> dict[str, np.ndarray]:
    """Of each that has steps."""
    made = {}
    for name, columns in by_name.items():
        column = columns if isinstance(columns, str) else columns[0]
        lengths = found[column].lengths if column in found else None
        if lengths is not None:
            made[name] = lengths
    return made


def laid(column: Column) -> np.ndarray:
    """Values row after row, zeros behind the end of each: (n, ...) or (n, T, ...)."""
    if column.lengths is None:
        return column.values
    T = max(int(column.lengths.max(initial=0)), 1)
    if (column.lengths == T).all():
        return column.values.reshape(-1, T, *column.values.shape[1:])
    values = np.zeros((len(column.lengths), T, *column.values.shape[1:]), column.values.dtype)
    values[np.arange(T) < column.lengths[:, None]] = column.values
    return values
