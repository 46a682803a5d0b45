"""Times that come more than once in a file: what tells its series apart, or which columns make the time together."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from elman.data.grid import COMBINE
from elman.data.names import listed
from elman.data.numerals import is_missing
from elman.data.read_times import join_columns, read_times
from elman.data.readers import PARTS, TIME_NAMES, Columns, kind_of
from elman.data.tables import Table
from elman.errors import DataError

_MOST_PARTS = 4  # columns that are tried as parts of the time, or as names of series
_MOST_COMBINED = 3
_LOOKED_AT = 20_000  # rows of a long table
_SHARED = 0.1  # of the rows come on days that others have too, where clocks are a part of the times


def check_repeats(table: Table, columns: Columns) -> None:
    """Refuse times that come more than once, and say which column tells the rows apart.

    Raises
    ------
    DataError
        With ``--time`` or ``--where`` as they would be given; with the rows where nothing tells them apart.
    """
    times = columns.times
    if times is None:
        return
    known = _known(times)
    _, first, count = np.unique(times[known], return_index=True, return_counts=True)
    if (count <= 1).all():
        return
    value = times[known][first[count > 1].min()]
    rows = table.numbers[times == value]
    shown = f"{listed(rows[:5])}{' ...' if len(rows) > 5 else ''}"
    several = f"the time {columns.notation.labels(np.array([value]))[0]} more than once: rows {shown}"
    names = columns.time.split(",")
    where = f"column{'s' if len(names) > 1 else ''} {columns.time!r}"
    raise DataError(
        f"{where} of {table.path} {'has' if len(names) == 1 else 'have'} {several}. {_advice(table, columns)}"
    )


def advice_on_repeats(table: Table, names: Sequence[str], others: Sequence[str], times: np.ndarray) -> str:
    """What to do about times that come more than once where a table may hold many series.

    Parameters
    ----------
    table : Table
    names : sequence of str
        The columns of the times.
    others : sequence of str
        Columns that may tell series apart, or be parts of the times.
    times : ndarray, shape (n,)
        Of the rows.
    """
    looked, when = (
        (table.take(np.arange(_LOOKED_AT), ""), times[:_LOOKED_AT]) if len(table) > _LOOKED_AT else (table, times)
    )
    parts = _time_parts(looked, list(names), list(others))
    combine = f"; or {COMBINE}"
    if parts:
        together = [*names, *parts]
        told = f"give time={together} (--time {shlex.quote(','.join(together))})"
        return f"together with {' and '.join(map(repr, parts))} the times differ: {told}{combine}"
    series = [name for name in others if not _is_part(looked, name) and not _is_time(looked, name)]
    more: list[str] = []
    apart = _apart(looked, when, series)
    if not apart:
        found = ((_apart(looked, made, series), more) for more, made in _joined(looked, list(names), list(others)))
        apart, more = next((pair for pair in found if pair[0]), ([], []))
    told = _group_or_one(looked, names, apart, more) if apart else _keep_one(table, names, others, times)
    return f"{told}{combine}"


def _group_or_one(table: Table, names: Sequence[str], apart: Sequence[str], more: Sequence[str]) -> str:
    given = repr(apart[0]) if len(apart) == 1 else repr(list(apart))
    tell = f"column {apart[0]!r} tells" if len(apart) == 1 else f"columns {' and '.join(map(repr, apart))} tell"
    values = f" for all of {listed(dict.fromkeys(table.texts(apart[0])), 6)}" if len(apart) == 1 else ""
    times = f"; the times are made by {_as_time([*names, *more])}" if more else ""
    return (
        f"{tell} series apart: give group={given} (--group {shlex.quote(','.join(apart))}){values}, or take one, as "
        f"with {_one_of(table, apart)}{times}"
    )


def _keep_one(table: Table, names: Sequence[str], others: Sequence[str], times: np.ndarray) -> str:
    known = _known(times)
    different, count = np.unique(times[known], return_counts=True)
    twice = different[count > 1]
    rows = table.numbers[times == twice[0] if len(twice) else ~known]  # no time at all comes twice, too
    some = f"rows {listed(rows[:5])}{' ...' if len(rows) > 5 else ''}"
    return f"keep one of these rows{_or_whole(table, names, others)} ({some})"


def _advice(table: Table, columns: Columns) -> str:
    names = [name for name in table.names if columns.time == name] or columns.time.split(",")
    others = [name for name in table.names if name != columns.target and name not in names]
    parts = _time_parts(table, names, others)
    if parts:
        return f"Together with {' and '.join(map(repr, parts))} the times differ: give {_as_time([*names, *parts])}"
    assert columns.times is not None
    series = [name for name in others if not _is_part(table, name) and not _is_time(table, name)]
    apart = _apart(table, columns.times, series)
    if apart:
        return _take_one(table, apart)
    for parts, times in _joined(table, names, others):
        apart = _apart(table, times, series)
        if apart:
            return f"{_take_one(table, apart)}; the times are made by {_as_time([*names, *parts])}"
    return f"A series has one value at each time: {_one_value(table, names, others)}"


def _one_value(table: Table, names: Sequence[str], others: Sequence[str]) -> str:
    return (
        "keep one of these rows, or add them up or take their mean, as pandas does by "
        f"df.groupby({(names[0] if len(names) == 1 else list(names))!r}){_or_whole(table, names, others)}"
    )


def _or_whole(table: Table, names: Sequence[str], others: Sequence[str]) -> str:
    """Columns that may be parts of dates, as what to do about them."""
    more = _parts(table, names, others)
    return f"; or add a column of whole dates, if {listed([*names, *more])} are parts of them" if more else ""


def _as_time(names: Sequence[str]) -> str:
    together = ",".join(names)
    return f"--time {shlex.quote(together)} (time={together!r} in Python)"


def _take_one(table: Table, apart: Sequence[str]) -> str:
    return (
        f"The file holds several series, which {_told_apart(table, apart)} apart. Take one, as with "
        f"{_one_of(table, apart)}"
    )


def _one_of(table: Table, apart: Sequence[str]) -> str:
    values = [next(text for text in table.texts(name) if text) for name in apart]
    options = " ".join(f"--where {shlex.quote(f'{n}={v}')}" for n, v in zip(apart, values, strict=True))
    return f"{options} (where={dict(zip(apart, values, strict=True))} in Python)"


def _told_apart(table: Table, names: Sequence[str]) -> str:
    if len(names) > 1:
        return f"columns {' and '.join(map(repr, names))} tell"
    values = list(dict.fromkeys(table.texts(names[0])))
    return f"column {names[0]!r} tells ({listed(values, 6)})"


def _is_time(table: Table, name: str) -> bool:
    return name.strip().lower() in TIME_NAMES or kind_of(table, name) == "time"


def _is_part(table: Table, name: str) -> bool:
    return name.strip().lower() in PARTS or kind_of(table, name) == "clock"


def _parts(table: Table, names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Columns that may be parts of the times.

    A clock is one where many rows share their day; where few do, it rather tells how long something took.
    """
    shared = len(table) - len(set(zip(*map(table.texts, names), strict=True)))
    clocks = shared >= _SHARED * len(table)
    return [name for name in others if _is_part(table, name) and (clocks or kind_of(table, name) != "clock")]


def _joined(table: Table, names: list[str], others: list[str]) -> Iterator[tuple[list[str], np.ndarray]]:
    """Columns that make times together with those of the times, and the times that they make."""
    for more in _combinations(_parts(table, names, others)):
        texts = join_columns([table.texts(name) for name in (*names, *more)])
        try:
            times = read_times(texts, "times").times
        except DataError:
            continue
        if _known(times).all():
            yield more, times


def _time_parts(table: Table, names: list[str], others: list[str]) -> list[str]:
    """Columns with which together the times differ, such as months beside years."""
    return next((more for more, times in _joined(table, names, others) if len(np.unique(times)) == len(times)), [])


def _apart(table: Table, when: np.ndarray, others: list[str]) -> list[str]:
    """The columns that name a series each, so that with them no time comes twice; the fewest and plainest."""
    times = np.unique(when, return_inverse=True)[1]
    codes: dict[str, np.ndarray] = {}
    for name in others:
        texts = table.texts(name)
        counts = Counter(texts)
        if (
            1 < len(counts) <= len(texts) / 2
            and not all(map(is_missing, counts))
            and not any(map(_is_fraction, counts))
        ):
            number = {text: i for i, text in enumerate(counts)}
            codes[name] = np.array([number[text] for text in texts])
    plain = sorted(codes, key=lambda name: (kind_of(table, name) == "number", codes[name].max()))
    for names in _combinations(plain):
        keys = np.stack([times, *(codes[name] for name in names)])
        if np.unique(keys, axis=1).shape[1] == len(times):
            return names
    return []


def _known(times: np.ndarray) -> np.ndarray:
    """Which times are there."""
    return ~(np.isnat(times) if times.dtype.kind == "M" else np.isnan(times))


def _is_fraction(text: str) -> bool:
    """Whether a text is a measured number, which names no series."""
    try:
        return not float(text).is_integer() and math.isfinite(float(text))
    except ValueError:
        return False


def _combinations(names: list[str]) -> Iterator[list[str]]:
    """One of them, two, three; few at a time."""
    for size in range(1, _MOST_COMBINED + 1):
        yield from map(list, combinations(names[:_MOST_PARTS] if size > 1 else names[:40], size))
