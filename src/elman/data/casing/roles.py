"""Which columns of a table name cases, times, labels and channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.data.casing.asked import Asked
from elman.data.names import listed
from elman.data.readers import beside_the_point
from elman.data.roles import GROUPS, columns_named
from elman.data.sheets import Sheet
from elman.errors import DataError, OptionError

CASES = (
    *GROUPS,
    *("id", "case", "case_id", "caseid", "instance", "instances", "instance_id", "sample_id"),
    *("sequence_id", "series", "recording", "recording_id", "trial_id", "session_id", "subject_id", "uid"),
)
TIMES = (
    *("time", "timestamp", "datetime", "date", "ds", "t", "step", "timestep", "time_step", "timepoint", "year"),
    *("timepoints", "reading_id", "time_index", "time_idx", "measurement_number", "seconds", "ms"),
)
INDEX = "__index_level_0__"  # what pandas calls an index without a name in Parquet
# "y" is none: it is a channel beside x and z
LABELS = ("label", "labels", "class", "classes", "class_label", "class_val", "classification", "target", "outcome")


_UNNAMED = ("unnamed", "column ")


@dataclass(frozen=True)
class CaseRoles:
    """Columns of a table by what they are.

    Attributes
    ----------
    group, time : tuple of str
        Those that name cases and make times.
    label : str
        Empty where there is none.
    channels : tuple of str
        All of numbers or flags.
    melted : str
        The column that names the channel of each row; empty where each channel has a column.
    notes : tuple of str
        What was decided.
    """

    group: tuple[str, ...]
    time: tuple[str, ...]
    label: str
    channels: tuple[str, ...]
    melted: str = ""
    notes: tuple[str, ...] = ()


def one_named(sheet: Sheet, name: object, what: str) -> str:
    """The only column that an argument names; empty where it names none."""
    found = columns_named(sheet, name, what)
    if len(found) > 1:
        raise OptionError(f"{what} names {listed(map(repr, found))}; expected one column")
    return found[0] if found else ""


def by_name(sheet: Sheet, known: Sequence[str], taken: Sequence[str], what: str) -> str:
    """The only column that is called as such columns are; empty where there is none.

    Raises
    ------
    DataError
        If there are several.
    """
    found = [name for name in sheet.names if plain(name) in known and name not in taken]
    if len(found) > 1:
        raise DataError(
            f"{sheet.called} has several columns that may be its {what}: {listed(map(repr, found))}; name one with "
            f"{what}={found[0]!r}"
        )
    return found[0] if found else ""


def counting(sheet: Sheet, names: Sequence[str]) -> list[str]:
    """Columns without a name, or called index, that only count the rows, as pandas and R write them.

    Frames that were put one below another count anew in each.
    """
    if all(name.startswith("column ") for name in sheet.names):
        return []
    unnamed = [n for n in names if plain(n) in ("", "index", "rownames", INDEX) or n.lower().startswith(_UNNAMED)]
    return [name for name in unnamed if beside_the_point(sheet.head, name, False) or _counts_anew(sheet, name)]


def _counts_anew(sheet: Sheet, name: str) -> bool:
    """Whether a column counts rows from 0 or 1, and again from there."""
    if sheet.holds(name) != "number":
        return False
    values, _ = sheet.numbers(name)
    again = values[1:] == values[0]
    return values[0] in (0, 1) and bool(np.all(again | (np.diff(values) == 1)))


def plain(name: str) -> str:
    """A name without its case, and with underscores."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def check_once(given: dict[str, tuple[str, ...]]) -> None:
    """Refuse a column that is named for two things, but for a label that is one of several which name the cases.

    Raises
    ------
    OptionError
    """
    seen: dict[str, str] = {}
    parts = given.get("group", ())
    for what, names in given.items():
        if what == "label" and len(parts) > 1:
            names = tuple(name for name in names if name not in parts)
        for name in names:
            if name in seen:
                alone = ", and each case would be a class" if {what, seen[name]} == {"group", "label"} else ""
                raise OptionError(
                    f"column {name!r} is named by both {seen[name]} and {what}; a column is one thing{alone}"
                )
            seen[name] = what


def channels_of(sheet: Sheet, asked: Asked, taken: Sequence[str], passed: Sequence[str] = ()) -> tuple[str, ...]:
    """The channels: those that are named, or all other columns of numbers.

    Raises
    ------
    DataError
        If one holds no numbers, or there is none.
    """
    given = columns_named(sheet, asked.columns, "columns")
    if given:
        return given
    rest = [name for name in sheet.names if name not in taken and name not in passed]
    counted = counting(sheet, rest)
    rest = [name for name in rest if name not in counted]
    numeric = tuple(name for name in rest if sheet.holds(name) in ("number", "flag", "empty"))
    others = [name for name in rest if name not in numeric]
    if others:
        held = {name: {"time": "times"}.get(sheet.holds(name), "texts") for name in others}
        shown = ", ".join(f"{sheet.own(name)!r} ({held[name]})" for name in others[:5])
        hint = f", or name the channels with columns={[sheet.own(n) for n in numeric][:5]}" if numeric else ""
        raise DataError(
            f"{sheet.called} has columns that are no numbers: {shown}; say what they are with group=, time= or label="
            f"{hint}"
        )
    if not numeric:
        raise DataError(f"{sheet.called} has no column of numbers; it has {listed(map(repr, sheet.names))}")
    return numeric
