"""Frames of nested cells, a case in each row, and lists of frames, a case each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.amounts import amounts_of
from elman.data.casing.arrays import joined_times, own_times
from elman.data.casing.asked import Asked
from elman.data.casing.labels import checked_labels
from elman.data.casing.laying import Steps, stacked
from elman.data.casing.long import read_channels, time_of
from elman.data.casing.marked import check_names, index_names, is_constant, label_of_cases
from elman.data.casing.roles import CASES, LABELS, by_name, channels_of, one_named
from elman.data.frames import FrameSheet
from elman.data.names import listed
from elman.data.pandas_index import framed
from elman.data.read_times import ReadTimes
from elman.data.roles import columns_named
from elman.data.sheets import Sheet
from elman.data.values import is_absent
from elman.errors import DataError, OptionError

_LOOKED_AT = 20  # rows that tell what columns hold


def cells_of(frame: Any) -> dict[Any, list[Any]]:
    """The cells of a frame by column, where those of some are sequences; nothing of a usual one."""
    import narwhals as nw

    held = nw.from_native(frame, eager_only=True)
    if not any(is_sequence(cell) for column in held.head(_LOOKED_AT).iter_columns() for cell in column.to_list()):
        return {}
    return {column.name: column.to_list() for column in held.iter_columns()}


def is_sequence(cell: Any) -> bool:
    """Whether a cell is a sequence of values and no text."""
    return hasattr(cell, "__len__") and not isinstance(cell, str | bytes | dict)


def of_nested(cells: dict[Any, list[Any]], index: Any, asked: Asked, labelled: bool) -> Cases:
    """Columns with a case in each row, and a channel in each column whose cells are the values of all steps.

    Parameters
    ----------
    cells : dict of list
    index : pandas Index, optional
        What the rows are called.
    asked : Asked
    labelled : bool
        Whether labels come from elsewhere.

    Raises
    ------
    DataError
        Naming the case and channel whose cell is none, or has another length than the others.
    """
    asked.refuse_names("a table of nested cells", ("group", "columns", "label"))
    nested = [name for name, column in cells.items() if any(map(is_sequence, column[:_LOOKED_AT]))]
    chosen, rest = _chosen(nested, asked), [name for name in cells if name not in nested]
    group, label = (_beside(cells, rest, what, asked) for what in ("group", "label"))
    beside = [name for name in rest if name not in (group, label)]
    if beside and asked.columns is None:
        raise DataError(
            f"the table has columns {listed(map(repr, beside))} of single values beside those of sequences; say "
            "what they are with label= or group=, or name the channels with columns="
        )
    names, keys = index_names(index, len(cells[nested[0]]))
    if group is not None:
        names, keys = tuple(cells[group]), (str(group),)
        check_names(names, f"column {group!r}")
    rows = [_case([cells[name][i] for name in chosen], case, chosen) for i, case in enumerate(names)]
    lengths = [len(values) for values, _ in rows]
    times = joined_times([found for _, found in rows], lengths, names)
    codes = np.repeat(np.arange(len(rows)), lengths)
    steps = Steps(np.concatenate([values for values, _ in rows]), codes, names, tuple(map(str, chosen)), times)
    found = replace(stacked(steps), keys=keys)
    if label is None or (labelled and asked.label is None):
        return found
    column = np.empty(len(names), object)
    column[:] = cells[label]
    return replace(found, labels=checked_labels(column, names))


def _beside(cells: dict[Any, Any], rest: Sequence[Any], what: str, asked: Asked) -> Any:
    """The column of single values that labels the cases or names them, if one is named, or called so."""
    wanted = getattr(asked, what)
    if wanted is None:
        return next((name for name in rest if str(name).lower() in (LABELS if what == "label" else CASES)), None)
    if isinstance(wanted, list | tuple):
        raise OptionError(f"{what} is {wanted!r}; expected the name of one column")
    if wanted not in cells:
        raise DataError(f"the table has no column {wanted!r}; its columns are {listed(map(repr, cells))}")
    return wanted


def _chosen(nested: Sequence[Any], asked: Asked) -> list[Any]:
    """The channels: those that are named, or all columns of sequences."""
    if asked.columns is None:
        return list(nested)
    wanted = list(asked.columns) if isinstance(asked.columns, list | tuple) else [asked.columns]
    wrong = next((name for name in wanted if name not in nested), None)
    if wrong is not None:
        raise DataError(f"columns names {wrong!r}; expected columns whose cells are sequences: {listed(nested)}")
    return wanted


def _case(cells: Sequence[Any], case: Any, names: Sequence[Any]) -> tuple[np.ndarray, ReadTimes | None]:
    """The channels of a case as (T, F), and their times."""
    columns = []
    for cell, name in zip(cells, names, strict=True):
        what = f"channel {name!r} of case {case!r}"
        if is_absent(cell) or not is_sequence(cell):
            raise DataError(f"{what} is {cell!r}; expected a sequence of values, as in other cells")
        columns.append(amounts_of(cell, what))
        if columns[-1].ndim != 1 or len(columns[-1]) != len(columns[0]):
            raise DataError(
                f"{what} has shape {columns[-1].shape}, and channel {names[0]!r} {columns[0].shape}; expected as many "
                "steps in each channel of a case"
            )
    return np.stack(columns, axis=1), own_times(cells[0])


def of_frames(frames: Sequence[Any], names: tuple[Any, ...], asked: Asked, labelled: bool) -> Cases:
    """Frames of a case each, whose columns are channels.

    Raises
    ------
    DataError
        Naming the frame that has other columns than the first.
    """
    asked.refuse_names("a list of frames", ("time", "columns", "label"))
    helds = [framed(frame, asked.named, asked.reading) for frame in frames]
    sheets = [replace(cast(FrameSheet, h.sheet), called=f"case {n!r}") for h, n in zip(helds, names, strict=True)]
    label = _label(sheets, asked)
    channels: tuple[str, ...] = ()
    values, times, labels, notes = [], [], [], []
    for held, sheet, name in zip(helds, sheets, names, strict=True):
        given = columns_named(sheet, asked.columns, "columns")
        time = time_of(replace(held, sheet=sheet), asked, [label, *given])
        own = channels_of(sheet, asked, [*time, label])
        channels = channels or own
        _check_channels(sheet, own, channels, names[0])
        found, told = read_channels(sheet, channels)
        values.append(found)
        times.append(sheet.times(time, False) if time else None)
        if label:
            labels.append(label_of_cases(sheet, label, np.zeros(len(sheet), np.int64), [name]))
        notes += told
    lengths = [len(found) for found in values]
    codes = np.repeat(np.arange(len(values)), lengths)
    steps = Steps(np.concatenate(values), codes, names, channels, joined_times(times, lengths, names))
    result = stacked(steps, tuple(dict.fromkeys(notes)))
    known = [one for one in labels if one is not None]
    if labelled or not known:
        return result
    if len(known) < len(names):
        raise DataError(f"{len(names) - len(known)} of {len(names)} frames have no label; expected one in each")
    return replace(result, labels=checked_labels(np.concatenate([one.astype(object) for one in known]), names))


def _label(sheets: Sequence[FrameSheet], asked: Asked) -> str:
    """The column that tells what the cases are: the one that is named, or is called so and is the same in all steps."""
    if asked.label is not None:
        return [one_named(sheet, asked.label, "label") for sheet in sheets][0]
    label = by_name(sheets[0], LABELS, [str(name) for name in asked.named], "label")
    for sheet in sheets if label else ():
        if label not in sheet.names or not is_constant(sheet.codes(label)[0], np.zeros(len(sheet), np.int64), 1):
            return ""
    return label


def _check_channels(sheet: Sheet, own: Sequence[str], channels: Sequence[str], first: Any) -> None:
    if set(own) != set(channels):
        raise DataError(
            f"{sheet.called} has the columns {listed(map(repr, own))}, and case {first!r} "
            f"{listed(map(repr, channels))}; expected the same channels in all"
        )
