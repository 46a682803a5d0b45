"""Arrays of cases, and lists of arrays or frames of a case each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from elman.checks import shown
from elman.data.cases import Cases
from elman.data.casing.amounts import amounts_of
from elman.data.casing.laying import Steps, squared, stacked
from elman.data.index_times import index_times
from elman.data.names import counted
from elman.data.read_times import ReadTimes
from elman.errors import DataError

Order = Literal["last", "first"]
READ_AS = "X was read as"  # begins the note that axes may be the other way round
_MUCH = 2  # times as many channels as steps make a reading doubtful


def numbered_channels(count: int) -> tuple[str, ...]:
    """Names of channels that have none."""
    return tuple(f"channel {i}" for i in range(count)) if count > 1 else ("value",)


def of_array(values: np.ndarray, channels: Order) -> Cases:
    """An array (N, T) or (N, T, F), or (N, F, T) where channels come first.

    Raises
    ------
    DataError
        If it has another shape.
    """
    values = amounts_of(values, "X")
    if values.ndim == 2:
        values = values[:, :, None]
    elif values.ndim == 3 and channels == "first":
        values = np.ascontiguousarray(values.transpose(0, 2, 1))
    if values.ndim != 3:
        first, alone = ("Reshape your data: ", "; give X[None] if it is one case") if values.ndim == 1 else ("", "")
        raise DataError(
            f"{first}X has shape {values.shape}; expected (N, T) for N cases of T steps, (N, T, F) for F channels, or "
            f"(N, F, T) with channels='first'{alone}"
        )
    notes = _doubt(values.shape[1], values.shape[2], channels)
    return squared(values, tuple(range(len(values))), numbered_channels(values.shape[2]), notes)


def _doubt(steps: int, channels: int, order: Order) -> list[str]:
    """A note where the other order of axes is as likely."""
    if channels < max(_MUCH, _MUCH * steps):
        return []
    axes = "(N, T, F)" if order == "last" else "(N, F, T)"
    read = f"{READ_AS} {axes}: {counted(steps, 'steps')} of {counted(channels, 'channels')}"
    other = ", as aeon and sktime have it, give channels='first'" if order == "last" else ", leave channels='first' out"
    return [f"{read}; if it is the other way round{other}"]


def of_arrays(items: Sequence[Any], names: tuple[Any, ...], channels: Order) -> Cases:
    """Arrays (T_n,) or (T_n, F), or (F, T_n) where channels come first; columns of pandas keep their times.

    Raises
    ------
    DataError
        Naming the case that is none, or has other channels than the first.
    """
    if not len(items):
        raise DataError("the data holds no case; expected at least one")
    found = [_matrix(item, f"case {name!r}", channels) for item, name in zip(items, names, strict=True)]
    _check_alike(found, names, channels)
    lengths = [len(values) for values in found]
    codes = np.repeat(np.arange(len(found)), lengths)
    times = joined_times([own_times(item) for item in items], lengths, names)
    width = found[0].shape[1]
    notes = _doubt(int(np.median(lengths)), width, channels)
    return stacked(Steps(np.concatenate(found), codes, names, numbered_channels(width), times), notes)


def _check_alike(found: Sequence[np.ndarray], names: Sequence[Any], order: Order) -> None:
    """Refuse cases of different channels."""
    steps, widths = zip(*(values.shape for values in found), strict=True)
    other = next((i for i, width in enumerate(widths) if width != widths[0]), None)
    if other is None:
        return
    expected = "arrays (T, F)" if order == "last" else "arrays (F, T), as channels='first' says"
    swapped = "leave channels='first' out" if order == "first" else "give channels='first'"
    hint = (
        f"; all have {steps[0]} in the other axis: if these are the channels, {swapped}" if len(set(steps)) == 1 else ""
    )
    raise DataError(
        f"case {names[other]!r} has {widths[other]} channels and case {names[0]!r} {widths[0]}; expected the same of "
        f"all: {expected}{hint}"
    )


def _matrix(item: Any, what: str, channels: Order) -> np.ndarray:
    """A case as (T, F)."""
    values = amounts_of(item, what)
    if values.ndim == 1:
        return values[:, None]
    if values.ndim != 2:
        raise DataError(f"{what} is {shown(item)}; expected an array (T,) or (T, F), one case each")
    return values.T if channels == "first" else values


def own_times(item: Any) -> ReadTimes | None:
    """The times of an index; None where there is none, or it counts."""
    found = index_times(getattr(item, "index", None))
    if found is None or found.times.dtype.kind == "M":
        return found
    return None if np.array_equal(found.times, np.arange(len(found.times))) else found


def joined_times(found: Sequence[ReadTimes | None], lengths: Sequence[int], names: Sequence[Any]) -> ReadTimes | None:
    """Times of all cases, one below another; None where none has any. A count is one where others have numbers.

    Raises
    ------
    DataError
        If some have dates and others do not.
    """
    known = next((times for times in found if times is not None), None)
    if known is None:
        return None
    dates = known.times.dtype.kind == "M"
    other = next((i for i, t in enumerate(found) if (t is not None and t.times.dtype.kind == "M") != dates), None)
    if other is not None:
        raise DataError(f"case {names[other]!r} has {'no dates' if dates else 'dates'} for times, as others do not")
    columns = [np.arange(n, dtype=np.float64) if t is None else t.times for t, n in zip(found, lengths, strict=True)]
    return ReadTimes(np.concatenate(columns), known.notation, known.notes)
