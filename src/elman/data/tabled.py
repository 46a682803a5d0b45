"""A table as rows of series: long, with a row for each series and time, or wide, with a column a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.data.collection import Form, Stamps
from elman.data.covariates import Covariate, read_covariate
from elman.data.grid import COMBINE
from elman.data.panels import advice_on_repeats
from elman.data.read_times import ReadTimes
from elman.data.roles import Roles
from elman.data.rows import Rows
from elman.data.sheets import Coded, Sheet
from elman.errors import DataError


def rows_of_sheet(sheet: Sheet, roles: Roles, form: Form) -> Rows:
    """The rows of a table.

    Raises
    ------
    DataError
        If a row names no series, or a column holds no numbers.
    """
    form = replace(
        form,
        time=_time(sheet, roles, form),
        target=sheet.own(roles.target[0]) if len(roles.target) == 1 else "y",
        group=tuple(map(sheet.own, roles.group)) or form.group,
        stamps=_stamps(sheet, roles.time),
        frequency=sheet.frequency(roles.time[0]) if len(roles.time) == 1 else "",
    )
    return _wide(sheet, roles, form) if len(roles.target) > 1 else _long(sheet, roles, form)


def _time(sheet: Sheet, roles: Roles, form: Form) -> Any:
    """What calls the times."""
    if not roles.time:
        return "row" if form.kind == "file" else form.time
    return sheet.own(roles.time[0]) if len(roles.time) == 1 else ",".join(roles.time)


def _stamps(sheet: Sheet, time: Sequence[str]) -> Stamps:
    """What the times were in their columns."""
    if not time:
        return "rows"
    if len(time) == 1 and sheet.frequency(time[0]):
        return "periods"
    return sheet.stamps(time[0]) if len(time) == 1 else "texts"


def _long(sheet: Sheet, roles: Roles, form: Form) -> Rows:
    names, codes = _series(sheet, roles)
    times = sheet.times(roles.time, bool(roles.group)) if roles.time else None
    values, notes = sheet.numbers(roles.target[0])
    return Rows(
        names,
        codes,
        values,
        times,
        form,
        {str(sheet.own(name)): read_covariate(sheet, name) for name in roles.past},
        {str(sheet.own(name)): read_covariate(sheet, name) for name in roles.future},
        (*sheet.notes, *roles.notes, *notes),
        _advice(sheet, roles, times),
    )


def _series(sheet: Sheet, roles: Roles) -> tuple[tuple[Any, ...], np.ndarray]:
    """What calls the series, and which one each row is of."""
    if not roles.group:
        return (sheet.own(roles.target[0]),), np.zeros(len(sheet), np.int64)
    return series_of_columns(sheet, roles.group)


def series_of_columns(sheet: Sheet, group: Sequence[str]) -> tuple[tuple[Any, ...], np.ndarray]:
    """What some columns call the series, in the order in which they come, and which one each row is of.

    Raises
    ------
    DataError
        Naming the row in which one of them is empty.
    """
    parts = [sheet.codes(name) for name in group]
    for name, (codes, _) in zip(group, parts, strict=True):
        if (codes < 0).any():
            row = sheet.row(int(np.argmax(codes < 0)))
            raise DataError(
                f"column {sheet.own(name)!r} of {sheet.called} names no series in {row}; "
                "every row needs one: give it one, or leave the row out"
            )
    if len(parts) == 1:
        codes, labels = parts[0]
        return labels, codes
    return _joined(parts)


def _joined(parts: list[Coded]) -> tuple[tuple[Any, ...], np.ndarray]:
    """Several columns as one: a tuple for each combination that comes up."""
    keys = np.zeros(len(parts[0][0]), np.int64)
    for codes, labels in parts:
        keys = keys * max(len(labels), 1) + codes
    _, first, where = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    names = tuple(tuple(labels[codes[row]] for codes, labels in parts) for row in first[order])
    return names, rank[where]


def _wide(sheet: Sheet, roles: Roles, form: Form) -> Rows:
    """A column a series; covariates are those of every series."""
    count = len(roles.target)
    found = [sheet.numbers(name) for name in roles.target]
    times = sheet.times(roles.time, False) if roles.time else None
    return Rows(
        tuple(map(sheet.own, roles.target)),
        np.repeat(np.arange(count), len(sheet)),
        np.concatenate([values for values, _ in found]),
        None if times is None else replace(times, times=np.tile(times.times, count)),
        replace(form, kind="wide" if form.kind == "long" else form.kind),
        {str(sheet.own(name)): _for_all(read_covariate(sheet, name), count) for name in roles.past},
        {str(sheet.own(name)): _for_all(read_covariate(sheet, name), count) for name in roles.future},
        (*sheet.notes, *roles.notes, *(note for _, notes in found for note in notes)),
        _advice(sheet, roles, times),
    )


def _for_all(covariate: Covariate, count: int) -> Covariate:
    return covariate.with_values(np.tile(covariate.values, count))


def _advice(sheet: Sheet, roles: Roles, times: ReadTimes | None) -> str:
    """What to do about times that come twice: name the columns that tell series apart."""
    if times is None:
        return ""
    if roles.group:
        return f"keep one of these rows, or name all columns that tell series apart with group=[...]; or {COMBINE}"
    if len(np.unique(times.times)) == len(times.times):
        return ""
    named = {*roles.time, *roles.target, *roles.past, *roles.future, *roles.static}
    return advice_on_repeats(sheet.table, roles.time, [name for name in sheet.names if name not in named], times.times)
