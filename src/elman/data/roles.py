"""Which columns of a table are times, values, names of series and covariates."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from elman.checks import nearest
from elman.data.names import first_of, listed
from elman.data.readers import advice_on_wide, beside_the_point, time_columns
from elman.data.sheets import Sheet
from elman.errors import DataError, OptionError

GROUPS = ("unique_id", "item_id", "series_id", "ts_id")  # what forecasting libraries call names of series
TARGETS = ("y", "target")


@dataclass(frozen=True)
class Roles:
    """Columns of a table by what they are.

    Attributes
    ----------
    time : tuple of str
        Those that make the times together; none where there are none.
    target : tuple of str
        The values; several are a series each.
    group : tuple of str
        Those that name the series.
    past, future, static : tuple of str
        Covariates.
    notes : tuple of str
        What was decided, where the user did not say.
    """

    time: tuple[str, ...]
    target: tuple[str, ...]
    group: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    static: tuple[str, ...]
    notes: tuple[str, ...] = ()


def roles_of(
    sheet: Sheet, time: Any, target: Any, group: Any, past: Any = (), future: Any = (), static: Any = ()
) -> Roles:
    """The columns that the user names, and those that are found.

    Raises
    ------
    DataError
        If there is no such column, or several may be meant.
    OptionError
        If a column is named for two things.
    """
    given = {
        what: columns_named(sheet, value, what)
        for what, value in (
            *(("time", time), ("target", target), ("group", group)),
            *(("past", past), ("future", future), ("static", static)),
        )
    }
    _check_once(given)
    named = [name for names in given.values() for name in names]
    found = given["group"] or tuple(name for name in GROUPS if name in sheet.names and name not in named)[:1]
    used = {*named, *found}
    times = given["time"] or _times(sheet, used)
    rest = [name for name in sheet.names if name not in {*used, *times}]
    told = any(given[what] for what in ("past", "future", "static"))
    targets = given["target"] or _targets(sheet, rest, bool(times), one=bool(found) or told)
    left = [name for name in rest if name not in targets]
    _check_one_target(found, targets)
    if not times and not found and not given["target"]:
        _check_no_names(sheet, targets, left)
    notes = _notes(sheet, given, found, times, targets, left)
    return Roles(times, targets, found, given["past"], given["future"], given["static"], notes)


def columns_named(sheet: Sheet, value: Any, what: str) -> tuple[str, ...]:
    """The columns that an argument names: one, a list, or several with commas between them."""
    if value is None:
        return ()
    owned = {sheet.own(name): name for name in sheet.names}
    if isinstance(value, str | int) or (isinstance(value, tuple) and value in owned):
        parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else [value]
        value = [value] if value in owned or not set(parts) & set(owned) else parts
    if not isinstance(value, list | tuple):
        raise OptionError(f"{what} is {value!r}; expected the name of a column, or a list of names")
    for name in value:
        if name not in owned:
            raise DataError(
                f"{sheet.called} has no column {name!r}{nearest(name, sheet.names)}, which {what} names; "
                f"its columns are {listed(map(repr, owned))}"
            )
    return tuple(owned[name] for name in value)


def _check_once(given: dict[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for what, names in given.items():
        for name in names:
            if name in seen:
                twice = f"twice in {what}" if seen[name] == what else f"as both {seen[name]} and {what}"
                raise OptionError(f"column {name!r} is given {twice}; a column is one thing: leave it out of one")
            seen[name] = what


def _check_one_target(group: tuple[str, ...], targets: tuple[str, ...]) -> None:
    if group and len(targets) > 1:
        raise OptionError(
            f"several columns are to be forecast, {listed(map(repr, targets))}, and rows are grouped by "
            f"{listed(map(repr, group))}; expected one column of values then: forecast each by itself, as with "
            f"target={targets[0]!r} (--target {shlex.quote(targets[0])})"
        )


def _times(sheet: Sheet, used: set[str]) -> tuple[str, ...]:
    left = tuple(name for name in sheet.names if name not in used)
    if "ds" in left:
        return ("ds",)
    spare = next((name for name in sheet.names if name in used), None)  # the only column of a table is no time
    names = left if spare is None else (*left, spare)
    return tuple(time_columns(replace(sheet.head, names=names), None, spare))


def _targets(sheet: Sheet, rest: list[str], timed: bool, *, one: bool) -> tuple[str, ...]:
    """The columns of values among those that are left."""
    custom = next((name for name in TARGETS if name in rest and (one or "ds" in sheet.names)), None)
    if custom is not None:
        return (custom,)
    numeric = [name for name in rest if sheet.holds(name) == "number"]
    values = [name for name in numeric if not beside_the_point(sheet.head, name, timed)]
    if len(rest) == 1 and not values:
        return (rest[0],)  # whatever it holds: that is refused with a reason
    if not values:
        if not sheet.names:
            raise DataError(f"{sheet.called} has no columns; expected one of values to forecast")
        counting = f"; one that counts rows or is a part of times has to be named: {listed(numeric)}" if numeric else ""
        raise DataError(
            f"{sheet.called} has no column of numbers beside its times; it has {listed(sheet.names)}: name the column "
            f"to forecast with target=... (--target in the shell){counting}"
        )
    advice = advice_on_wide(values)
    if advice:
        raise DataError(
            f"{sheet.called} has columns that may be series or times: {listed(values)}; name those that are series "
            f"with target=[...]{advice}"
        )
    if len(values) > 1 and one:
        raise DataError(
            f"{sheet.called} has several columns of numbers: {listed(values)}; name the one to forecast with "
            f"target={values[0]!r} (--target in the shell), and others with past=, future= or static="
        )
    return tuple(values)


def _check_no_names(sheet: Sheet, targets: tuple[str, ...], left: list[str]) -> None:
    """Refuse to count rows as times where a column of texts may name series, or the table may be none of series."""
    texts = {name: sheet.head.texts(name) for name in left if sheet.holds(name) in ("text", "flag")}
    repeated = next((name for name, column in texts.items() if 2 * len(set(column)) <= len(column)), None)
    if texts and (repeated is not None or len(targets) > 1):
        raise DataError(
            f"{sheet.called} has no column of times, and {listed(map(repr, texts), 5)} may name series; say what names "
            f"them with group={repeated or next(iter(texts))!r}, or which column to forecast with target={targets[0]!r}"
        )


def _notes(
    sheet: Sheet,
    given: dict[str, tuple[str, ...]],
    group: tuple[str, ...],
    time: tuple[str, ...],
    target: tuple[str, ...],
    left: list[str],
) -> tuple[str, ...]:
    taken = [f"times from column {time[0]!r}"] if time and not given["time"] else []
    taken += [f"a series for each {group[0]!r}"] if group and not given["group"] else []
    taken += [f"values from column {target[0]!r}"] if len(target) == 1 and not given["target"] else []
    notes = [f"taken: {', '.join(taken)}"] if taken and len(sheet.names) > 1 else []
    if not time:
        notes.append("no column of times was found: the rows are counted")
    if len(target) > 1 and not given["target"]:
        notes.append(f"each of {len(target)} columns is a series: {first_of(target, 12)}; target=... takes one")
    if left:
        notes.append(f"columns that are not used: {listed(left)}")
    return tuple(notes)
