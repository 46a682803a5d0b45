"""Steps of cases, one below another or in one array, as cases: checked, and padded behind their ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.spacing import order_of, spacing_of
from elman.data.names import counted, listed
from elman.data.read_times import ReadTimes
from elman.errors import DataError


@dataclass(frozen=True)
class Steps:
    """Steps of cases in any order.

    Attributes
    ----------
    values : ndarray, shape (n, F)
    codes : ndarray of int, shape (n,)
        Which case each is of.
    names : tuple, length N
    channels : tuple of str, length F
    times : ReadTimes or None
        None where the steps are in order.
    """

    values: np.ndarray
    codes: np.ndarray
    names: tuple[Any, ...]
    channels: tuple[str, ...]
    times: ReadTimes | None = None


def stacked(steps: Steps, notes: Sequence[str] = ()) -> Cases:
    """Steps as cases, each as long as it has steps.

    Raises
    ------
    DataError
        Naming the case that has none, only missing ones, an infinite one, or a time twice.
    """
    lengths = np.bincount(steps.codes, minlength=len(steps.names))
    if len(lengths) == 0:
        raise DataError("the data holds no case; expected at least one")
    if (lengths == 0).any():
        raise DataError(
            f"case {steps.names[int(np.argmin(lengths))]!r} has no step; expected at least one: leave it out"
        )
    order = order_of(steps.codes, steps.times, steps.names)
    codes, values = (steps.codes, steps.values) if order is None else (steps.codes[order], steps.values[order])
    borders = np.concatenate([[0], np.cumsum(lengths)])
    place = np.arange(len(codes)) - borders[codes]
    shape = (len(lengths), int(lengths.max()))
    padded = np.full((*shape, values.shape[1]), np.nan)
    padded[codes, place] = values
    times, unit, step, told = None, "", 0.0, list(notes)
    if steps.times is not None:
        own = steps.times.times if order is None else steps.times.times[order]
        found = spacing_of(own, borders)
        unit, step = found.unit, found.step
        told += [*steps.times.notes, found.note]
        if found.times is not None:
            times = np.full(shape, np.nan)
            times[codes, place] = found.times
    return checked(Cases(padded, lengths, steps.channels, times, unit, steps.names, None, tuple(told), step=step))


def squared(values: np.ndarray, names: tuple[Any, ...], channels: tuple[str, ...], notes: Sequence[str] = ()) -> Cases:
    """An array (N, T, F) as cases; steps at an end that are missing in all channels are behind it.

    Raises
    ------
    DataError
        Naming the case that holds only missing values, or an infinite one.
    """
    _check_some(values, channels)
    known = ~np.isnan(values).all(axis=2)
    lengths = np.where(known.any(axis=1), values.shape[1] - np.argmax(known[:, ::-1], axis=1), values.shape[1])
    short = int(np.sum(lengths < values.shape[1]))
    told = list(notes)
    if short:
        told.append(
            f"{short} of {counted(len(values), 'cases')} {'ends' if short == 1 else 'end'} in missing values, which "
            f"were taken for padding: from {lengths.min()} to {lengths.max()} steps"
        )
    longest = int(lengths.max(initial=0))
    return checked(Cases(values[:, :longest], lengths, channels, None, "", names, None, tuple(told)))


def padded(cases: Sequence[np.ndarray]) -> np.ndarray:
    """Cases (T_n, F) as one array (N, T, F), NaN behind their ends."""
    found = np.full((len(cases), max(map(len, cases)), cases[0].shape[1]), np.nan)
    for i, case in enumerate(cases):
        found[i, : len(case)] = case
    return found


def checked(cases: Cases) -> Cases:
    """Cases of which each holds finite numbers, and at least one."""
    _check_some(cases.values, cases.channels)
    infinite = np.isinf(cases.values)
    if infinite.any():
        case, step, channel = (int(i) for i in np.argwhere(infinite)[0])
        raise DataError(
            f"case {cases.names[case]!r} is infinite at step {step} (from 0), channel {cases.channels[channel]!r} "
            f"({counted(int(infinite.sum()), 'such values')} in all); expected finite numbers, or NaN where one "
            "is missing"
        )
    empty = np.isnan(cases.values).all(axis=(1, 2))
    if empty.any():
        called = listed([repr(cases.names[i]) for i in np.flatnonzero(empty).tolist()], 5)
        raise DataError(f"{counted(int(empty.sum()), 'cases')} without any value: {called}; leave such cases out")
    return cases


def _check_some(values: np.ndarray, channels: Sequence[str]) -> None:
    """Refuse an array without any number."""
    if 0 in values.shape:
        what = "no case" if len(values) == 0 else "no channel" if not channels else "no step"
        shape = values.shape[:-1] if values.shape[-1] == 1 else values.shape
        raise DataError(
            f"{min(shape[1:])} feature(s) (shape={shape}) while a minimum of 1 is required: the data holds {what}"
        )
