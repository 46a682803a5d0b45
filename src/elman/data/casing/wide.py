"""Wide tables: a row for each case, and a column for each step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.arrays import numbered_channels
from elman.data.casing.asked import Asked
from elman.data.casing.laying import squared
from elman.data.casing.long import read_channels
from elman.data.casing.marked import index_names, label_of_rows, names_of_cases
from elman.data.casing.roles import CASES, INDEX, LABELS, TIMES, by_name, check_once, counting, one_named, plain
from elman.data.names import counted, listed
from elman.data.pandas_index import Framed
from elman.data.roles import columns_named
from elman.data.sheets import Sheet
from elman.errors import DataError

_NUMBERED = re.compile(r"(.*?)(\d+)", re.DOTALL)
_DECIMAL = re.compile(r"-?\d+\.\d+")
_LABELS = (*LABELS, "y")
FEWEST = 3  # columns that are steps


def step_columns(names: Sequence[str]) -> dict[str, list[str]] | None:
    """Columns that are called by the numbers of steps, in order, by what stands before the number: a channel each.

    None where there are no such, or channels have other steps.

    Examples
    --------
    >>> step_columns(["t0", "t1", "t2"])
    {'t': ['t0', 't1', 't2']}
    >>> step_columns(["x_1", "y_1", "x_2", "y_2", "x_3", "y_3"])
    {'x_': ['x_1', 'x_2', 'x_3'], 'y_': ['y_1', 'y_2', 'y_3']}
    >>> step_columns(["acc", "gyr"])
    """
    if len(names) >= FEWEST and all(map(_DECIMAL.fullmatch, names)) and list(names) == sorted(names, key=float):
        return {"": list(names)}
    found: dict[str, dict[int, str]] = {}
    for name in names:
        parts = _NUMBERED.fullmatch(name)
        if parts is None or int(parts[2]) in found.setdefault(parts[1], {}):
            return None
        found[parts[1]][int(parts[2])] = name
    numbers = [sorted(held) for held in found.values()]
    if not numbers or any(held != numbers[0] for held in numbers) or len(numbers[0]) < FEWEST:
        return None
    if numbers[0] != list(range(numbers[0][0], numbers[0][0] + len(numbers[0]))):
        return None
    return {prefix: [held[i] for i in sorted(held)] for prefix, held in found.items()}


def find_steps(sheet: Sheet, asked: Asked) -> dict[str, list[str]] | None:
    """The columns of steps of a wide table; None where it is none."""
    counted = counting(sheet, sheet.names)
    rest = [name for name in sheet.names if name not in counted and not _is_beside(sheet, asked, name)]
    if any(plain(name) in TIMES for name in rest if _NUMBERED.fullmatch(name) is None):
        return None
    return step_columns(rest) or step_columns([name for name in rest if _NUMBERED.fullmatch(name)])


def _is_beside(sheet: Sheet, asked: Asked, name: str) -> bool:
    """Whether a column is a label or names cases."""
    if name in {str(one) for one in asked.named} or _is_unnamed(sheet, name):
        return True
    if plain(name) in (*_LABELS, *CASES, ""):
        return True
    return (_NUMBERED.fullmatch(name) is None or _is_headless(sheet)) and sheet.holds(name) in ("text", "flag")


def of_wide(held: Framed, steps: dict[str, list[str]], asked: Asked, index: Any, labelled: bool) -> Cases:
    """A table with a row for each case.

    Parameters
    ----------
    held : Framed
    steps : dict of str to list of str
        Columns of each channel.
    asked : Asked
    index : pandas Index, optional
        What the rows are called.
    labelled : bool
        Whether labels come from elsewhere.

    Raises
    ------
    DataError
        Naming the column or the case that cannot be used.
    """
    sheet = held.sheet
    used = [name for names in steps.values() for name in names]
    label = one_named(sheet, asked.label, "label") or _label(sheet, used)
    named = columns_named(sheet, asked.group, "group") or _names(sheet, [*used, label])
    check_once({"group": named, "label": (label,) if label else ()})
    left = [name for name in sheet.names if name not in {*used, *named, label, *counting(sheet, sheet.names)}]
    if left and asked.columns is None:
        raise DataError(
            f"{sheet.called} has a column for each step ({used[0]} to {used[-1]}), and others: "
            f"{listed(map(repr, left), 5)}; say what they are with label= or group=, or leave them out"
        )
    names, keys = (
        (_called(sheet, named), tuple(map(str, map(sheet.own, named)))) if named else index_names(index, len(sheet))
    )
    values, notes = read_channels(sheet, used)
    count = len(steps)
    cubed = values.reshape(len(sheet), count, -1).transpose(0, 2, 1)
    channels = tuple(prefix.strip("_- ") or f"channel {i}" for i, prefix in enumerate(steps)) if count > 1 else ()
    several = f", of {counted(count, 'channels')}" if count > 1 else ""
    told = f"a case in each row, and a column for each step{several}: {used[0]} to {used[-1]}"
    if _is_headless(sheet) and not label:
        told += f"; if one of them holds labels, name it, as with label={used[0]!r}"
    found = squared(cubed, names, channels or numbered_channels(1), (*sheet.notes, told, *dict.fromkeys(notes)))
    found = replace(found, keys=keys)
    if not label:
        return found
    if labelled and asked.label is None:
        return replace(found, notes=(*found.notes, f"column {label!r} is left out: y tells the labels"))
    return replace(
        found, labels=label_of_rows(sheet, label, names), notes=(*found.notes, f"labels from column {label!r}")
    )


def _label(sheet: Sheet, used: Sequence[str]) -> str:
    """The column that labels the cases: one that is called so, or the only one of texts where columns have no names."""
    if not _is_headless(sheet):
        return by_name(sheet, _LABELS, used, "label")
    texts = [name for name in sheet.names if name not in used]
    return texts[0] if len(texts) == 1 else ""


def _is_headless(sheet: Sheet) -> bool:
    """Whether a file names no column."""
    return all(name.startswith("column ") for name in sheet.names)


def _names(sheet: Sheet, taken: Sequence[str]) -> tuple[str, ...]:
    """The column that names the cases: one that is called so, or the first one where it has no name and holds texts."""
    found = by_name(sheet, CASES, taken, "group")
    if found:
        return (found,)
    unnamed = [name for name in sheet.names if _is_unnamed(sheet, name) and name not in taken]
    return tuple(name for name in unnamed if not counting(sheet, [name]))[:1]


def _is_unnamed(sheet: Sheet, name: str) -> bool:
    """Whether a column is an index that was written without a name, before columns that have some."""
    return not _is_headless(sheet) and (
        name == INDEX or (name == sheet.names[0] and name in ("column 1", "Unnamed: 0"))
    )


def _called(sheet: Sheet, named: tuple[str, ...]) -> tuple[Any, ...]:
    """What columns call the cases, each differently."""
    names, codes = names_of_cases(sheet, named)
    if len(names) < len(sheet):
        twice = names[int(np.argmax(np.bincount(codes) > 1))]
        raise DataError(
            f"{sheet.called} has several rows for case {twice!r}, and its columns are steps; expected one row a case"
        )
    return names
