"""Long tables: a row for each case and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.asked import Asked
from elman.data.casing.laying import Steps, stacked
from elman.data.casing.marked import is_constant, label_of_cases, names_of_cases
from elman.data.casing.melted import channel_column, spread
from elman.data.casing.roles import CASES, LABELS, TIMES, CaseRoles, by_name, channels_of, check_once, one_named
from elman.data.names import listed
from elman.data.pandas_index import Framed
from elman.data.roles import columns_named
from elman.data.sheets import Sheet
from elman.errors import DataError


def of_long(held: Framed, asked: Asked, *, labelled: bool) -> Cases:
    """A table with a row for each case and time.

    Parameters
    ----------
    held : Framed
    asked : Asked
    labelled : bool
        Whether labels come from elsewhere: a column that is called label is then left out.

    Raises
    ------
    DataError
        Naming the column or the case that cannot be used.
    """
    sheet = held.sheet
    group = group_of(held, asked)
    if not group:
        raise DataError(f"nothing tells which rows of {sheet.called} are a case; name the column that does with group=")
    names, codes = names_of_cases(sheet, group)
    roles = _roles(held, asked, group, codes, len(names), labelled)
    values, notes = read_channels(sheet, roles.channels)
    if asked.columns is None:
        notes += _notes_of_constant(values, roles.channels, codes, len(names))
    times = sheet.times(roles.time, True) if roles.time else None
    steps = Steps(values, codes, names, tuple(str(sheet.own(name)) for name in roles.channels), times)
    if roles.melted:
        steps = spread(steps, sheet, roles.melted)
    found = stacked(steps, (*sheet.notes, *roles.notes, *notes))
    found = replace(found, keys=tuple(str(sheet.own(name)) for name in group))
    if not roles.label:
        return found
    labels = label_of_cases(sheet, roles.label, codes, names)
    return replace(found, labels=labels, notes=(*found.notes, *_notes_without(labels, roles.label)))


def group_of(held: Framed, asked: Asked) -> tuple[str, ...]:
    """The columns that name the cases; none where nothing does."""
    if asked.group is not None:
        return columns_named(held.sheet, asked.group, "group")
    found = by_name(held.sheet, CASES, [str(n) for n in asked.named], "group")
    return held.group or ((found,) if found else ())


def time_of(held: Framed, asked: Asked, taken: Sequence[str]) -> tuple[str, ...]:
    """The columns that make the times; none where there are none."""
    if asked.time is not None:
        return columns_named(held.sheet, asked.time, "time")
    if held.time:
        return (held.time,)
    found = by_name(held.sheet, TIMES, taken, "time")
    if found:
        return (found,)
    dated = [name for name in held.sheet.names if name not in taken and held.sheet.holds(name) == "time"]
    return tuple(dated) if len(dated) == 1 else ()


def read_channels(sheet: Sheet, names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Columns as an array (n, F), and notes."""
    found = [sheet.numbers(name, flags=True) for name in names]
    return np.stack([values for values, _ in found], axis=1), [note for _, notes in found for note in notes]


def _roles(
    held: Framed, asked: Asked, group: tuple[str, ...], codes: np.ndarray, count: int, labelled: bool
) -> CaseRoles:
    sheet = held.sheet
    label = one_named(sheet, asked.label, "label")
    given = columns_named(sheet, asked.columns, "columns")
    time = time_of(held, asked, [*group, label, *given])
    check_once({"group": group, "time": time, "label": (label,) if label else (), "columns": given})
    notes = (
        []
        if asked.group is not None
        else [f"a case for each value of {listed([repr(sheet.own(name)) for name in group])}"]
    )
    if time and asked.time is None:
        notes.append(f"times from column {sheet.own(time[0])!r}")
    if not time:
        notes.append("no column of times was found: the steps are the rows of each case in their order")
    passed: list[str] = []
    if not label and not given:
        found = by_name(sheet, LABELS, [*group, *time], "label")
        if found and is_constant(sheet.codes(found)[0], codes, count):
            label, passed = ("", [found]) if labelled else (found, [])
            told = "column {!r} is left out: y tells the labels" if labelled else "labels from column {!r}"
            notes.append(told.format(sheet.own(found)))
        elif found and sheet.holds(found) not in ("number", "flag"):
            label = found  # refused with the case in which it changes
    melted = "" if given else channel_column(sheet, [*group, *time, label, *passed])
    if melted:
        notes.append(f"a channel for each {sheet.own(melted)!r}")
        passed.append(melted)
    channels = channels_of(sheet, asked, [*group, *time, label], passed)
    return CaseRoles(group, time, label, channels, melted, tuple(notes))


def _notes_of_constant(values: np.ndarray, channels: Sequence[str], codes: np.ndarray, count: int) -> list[str]:
    """A note on channels that may be labels: they are the same in all steps of each case."""
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    changes = ((values != values[first[codes]]) & ~np.isnan(values)).any(axis=0)
    same = [name for name, changed in zip(channels, changes.tolist(), strict=True) if not changed]
    if count == len(codes) or len(same) in (0, len(channels)):
        return []
    told = "does not change within a case, and is a channel" if len(same) == 1 else "do not change within a case"
    return [f"{listed(map(repr, same))} {told}; if it is what the cases are, give label={same[0]!r}"]


def _notes_without(labels: np.ndarray | None, name: str) -> tuple[str, ...]:
    return (f"column {name!r} is empty: the cases have no labels",) if labels is None else ()
