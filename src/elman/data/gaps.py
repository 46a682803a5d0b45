"""Missing values: refused, or filled by a stated rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from elman.data.names import counted
from elman.data.times import labels
from elman.errors import DataError, OptionError

Fill = Literal["none", "linear", "forward"]


def fill_gaps(
    values: np.ndarray,
    times: np.ndarray,
    how: Fill,
    name: str,
    written: Callable[[np.ndarray], list[str]] = labels,
) -> tuple[np.ndarray, slice, str]:
    """Fill missing values, or refuse them.

    Parameters
    ----------
    values : array, shape (n,)
        NaN where a value is missing.
    times : array, shape (n,)
        Increasing.
    how : {"none", "linear", "forward"}
        ``none`` refuses. ``linear`` draws a straight line in time between the neighbours of a gap, ``forward`` repeats
        the last value before it. Both cut off what lies before the first value and after the last.
    name : str
        Of the series, for messages.
    written : function of ndarray, optional
        Times as texts, for messages.

    Returns
    -------
    values : ndarray
        Without gaps.
    kept : slice
        The rows that are left.
    note : str
        What was done, for the user; empty where nothing was.

    Raises
    ------
    DataError
        If values are missing and `how` is ``none``, or if there is no value at all.
    """
    if how not in get_args(Fill):
        raise OptionError(f"fill is {how!r}; expected one of {', '.join(get_args(Fill))}")
    known = np.flatnonzero(~np.isnan(values))
    if len(known) == 0:
        raise DataError(f"{name} holds no value at all: every one of its {len(values)} rows is empty")
    if len(known) == len(values):
        return values, slice(0, len(values)), ""
    if how == "none":
        raise DataError(_refusal(values, times, name, written))
    kept = slice(int(known[0]), int(known[-1]) + 1)
    filled = _linear(values, times, known) if how == "linear" else _forward(values, known)
    return filled[kept], kept, _note(values, known, how)


def _linear(values: np.ndarray, times: np.ndarray, known: np.ndarray) -> np.ndarray:
    places = times.astype(np.int64) if times.dtype.kind == "M" else times
    return np.interp(places, places[known], values[known])


def _forward(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    last = np.maximum(np.searchsorted(known, np.arange(len(values)), side="right") - 1, 0)
    return values[known[last]]


def _longest(missing: np.ndarray) -> tuple[int, int]:
    """Start and length of the longest run of gaps."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]])))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    longest = int(np.argmax(lengths))
    return int(starts[longest]), int(lengths[longest])


def _refusal(values: np.ndarray, times: np.ndarray, name: str, written: Callable[[np.ndarray], list[str]]) -> str:
    missing = np.isnan(values)
    first, (start, length) = int(np.argmax(missing)), _longest(missing)
    at, longest = written(times[[first, start]])
    run = f"; the longest gap is {length} rows from {longest}" if length > 1 else ""
    return (
        f"{name} lacks {missing.sum()} of its {len(values)} values, the first at {at}{run}. "
        "Say how to fill them: --fill linear (a straight line between the neighbours) or --fill forward "
        "(the last value before); in Python fill='linear' or fill='forward'"
    )


def _note(values: np.ndarray, known: np.ndarray, how: Fill) -> str:
    inside = int(known[-1] - known[0] + 1 - len(known))
    edge = len(values) - len(known) - inside
    rule = "a straight line between the neighbours" if how == "linear" else "the last value before"
    parts = (
        [f"{counted(inside, 'missing values')} {'was' if inside == 1 else 'were'} filled with {rule}"] if inside else []
    )
    parts += [f"{counted(edge, 'empty rows')} at the ends {'was' if edge == 1 else 'were'} cut off"] if edge else []
    return "; ".join(parts)
