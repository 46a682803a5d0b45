"""Tables with a row for each case, channel and time, as tsfresh and sktime have them: channels made columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from elman.data.casing.laying import Steps
from elman.data.casing.roles import by_name
from elman.data.sheets import Sheet
from elman.errors import DataError

CHANNELS = (
    "dim_id",
    "dim",
    "dimension",
    "dimension_id",
    "kind",
    "variable",
    "channel",
    "channel_id",
    "signal",
    "sensor",
)


def channel_column(sheet: Sheet, taken: Sequence[str]) -> str:
    """The column that names the channel of each row, where one other is left for the values; else empty."""
    found = by_name(sheet, CHANNELS, taken, "columns")
    left = [name for name in sheet.names if name not in {*taken, found}]
    return found if found and len(left) == 1 and sheet.holds(left[0]) == "number" else ""


def spread(steps: Steps, sheet: Sheet, name: str) -> Steps:
    """Steps with a value of one channel each as steps with all channels, NaN where one has no value at a time.

    Raises
    ------
    DataError
        If there are no times, or a channel has two values at one.
    """
    column, channels = sheet.codes(name)
    if steps.times is None:
        raise DataError(
            f"column {sheet.own(name)!r} of {sheet.called} names the channel of each row, and nothing tells its time; "
            "name the column that does with time="
        )
    if (column < 0).any():
        raise DataError(f"column {sheet.own(name)!r} names no channel in {sheet.row(int(np.argmax(column < 0)))}")
    moments, place = np.unique(steps.times.times, return_inverse=True)
    _, first, where = np.unique(steps.codes * len(moments) + place, return_index=True, return_inverse=True)
    cells, counts = np.unique(where * len(channels) + column, return_counts=True)
    if (counts > 1).any():
        row = first[cells[int(np.argmax(counts > 1))] // len(channels)]
        raise DataError(
            f"case {steps.names[steps.codes[row]]!r} has several values of one channel at "
            f"{steps.times.notation.label(steps.times.times[row])}; expected one"
        )
    values = np.full((len(first), len(channels)), np.nan)
    values[where, column] = steps.values[:, 0]
    times = replace(steps.times, times=steps.times.times[first])
    return Steps(values, steps.codes[first], steps.names, tuple(map(str, channels)), times)
