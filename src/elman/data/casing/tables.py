"""Tables of cases: long or wide, by what their columns are called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.data.cases import Cases
from elman.data.casing.asked import Asked
from elman.data.casing.long import group_of, of_long
from elman.data.casing.marked import names_of_cases
from elman.data.casing.wide import find_steps, of_wide, step_columns
from elman.data.names import listed
from elman.data.pandas_index import Framed
from elman.data.roles import columns_named
from elman.errors import DataError


def of_table(held: Framed, asked: Asked, index: Any, labelled: bool) -> Cases:
    """A table as cases.

    Raises
    ------
    DataError
        If it may be of several forms.
    """
    sheet = held.sheet
    if len(sheet) == 0:
        raise DataError(f"{sheet.called} has no rows; expected a row for each step or case")
    if not sheet.names:
        raise DataError(f"{sheet.called} has no columns; expected some for steps or channels")
    for what in ("label", "time"):
        columns_named(sheet, getattr(asked, what), what)  # what is not there is said before what is missing
    group, given = group_of(held, asked), columns_named(sheet, asked.columns, "columns")
    if not (asked.time or held.time) and (not group or _is_row_each(held, group)):
        steps = (step_columns(given) or {"": list(given)}) if given else find_steps(sheet, asked)
        if steps is not None:
            return of_wide(held, steps, asked, index, labelled)
    if group:
        return of_long(held, asked, labelled=labelled)
    if labelled and not asked.time and all(sheet.holds(name) in ("number", "empty") for name in sheet.names):
        own = tuple(map(sheet.own, sheet.names))
        found = of_wide(held, {"": list(sheet.names)}, replace(asked, columns=list(own)), index, labelled)
        return replace(found, columns=own)
    raise DataError(
        f"{sheet.called} has the columns {listed(map(repr, map(sheet.own, sheet.names)))}, and nothing tells which "
        "rows are a case: name the column that does with group= (--group in the shell); or, if each row is a case, "
        "the columns of its steps in order with columns=[...] (--columns a,b,c)"
    )


def _is_row_each(held: Framed, group: tuple[str, ...]) -> bool:
    """Whether no case has a second row, so that what is named are steps."""
    return len(names_of_cases(held.sheet, group)[0]) == len(held.sheet)
