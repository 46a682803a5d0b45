"""A column of texts read as times: one reading for all rows, never one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.data.dates.columns import join_columns
from elman.data.dates.fields import moments
from elman.data.dates.forms import Form, form_of, forms
from elman.data.dates.hang import hang, hang_typed, through_summer_time
from elman.data.dates.notation import Notation
from elman.data.dates.numbers import (
    as_numbers,
    decimals,
    from_epoch,
    from_excel,
    is_epoch,
    is_excel,
    may_be_excel,
    unit_of_epoch,
)
from elman.data.dates.patterns import month_names, writing_pattern
from elman.data.dates.readings import EVEN, Reading, choose, evenness, first_difference, in_words, readings, refuse_row
from elman.data.dates.texts import TimeTexts
from elman.data.dates.zones import zone_of
from elman.errors import DataError, OptionError

_WORDS = ("number", "epoch", "excel")
_MOST = 0.8  # of the rows tell what a column is meant to be
_NAMED = {"V": "week", "q": "quarter"}


@dataclass(frozen=True)
class ReadTimes:
    """Times that were read.

    Attributes
    ----------
    times : ndarray, shape (n,)
        datetime64[us] as the clock on the wall shows them (see `Notation.axis` for the exception), NaT where there
        is none; or float64 numbers, NaN where there is none.
    notation : Notation
        How the column writes times.
    notes : tuple of str
        What the user should know of the reading.
    """

    times: np.ndarray
    notation: Notation
    notes: tuple[str, ...] = ()


def read_times(
    texts: Sequence[str | None],
    name: str,
    *,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    source: str = "",
    rows: np.ndarray | None = None,
) -> ReadTimes:
    """Read a column of texts as times.

    The reading is one that makes all rows valid and evenly spaced; where several do, none is taken.

    Parameters
    ----------
    texts : sequence of str or None
        A row each; None and empty texts are times that are missing.
    name : str
        Of the column, for messages.
    date_format : str, optional
        As of `strftime`; or ``"epoch"`` (seconds since 1970, or milli-, micro- or nanoseconds), ``"excel"`` (day
        numbers of a spreadsheet), ``"number"`` (plain numbers).
    dayfirst : bool, optional
        Whether the day stands before the month.
    source : str, optional
        Where the column is from, for messages.
    rows : array of int, optional
        What the user calls the rows; by default they count from 1.

    Returns
    -------
    ReadTimes

    Raises
    ------
    DataError
        If a row is no time, or if several readings are left.

    Examples
    --------
    >>> found = read_times(["31.01.2019", "28.02.2019", "31.03.2019"], "month")
    >>> found.times.astype("datetime64[D]")
    array(['2019-01-31', '2019-02-28', '2019-03-31'], dtype='datetime64[D]')
    """
    column = TimeTexts(texts, name, source, rows)
    if not column.shapes:
        raise DataError(f"{column.called} holds no time at all: every one of its {len(column)} rows is empty")
    numbers = as_numbers(column)
    if date_format is not None:
        return _by_format(column, numbers, date_format, dayfirst)
    found = readings(forms(), column)
    if numbers is not None:
        found = [r for r in found if _credible(r, evenness(numbers), name)]
        if not found:
            _refuse_spoilt_dates(column)
            return _numbers(numbers, column, dayfirst)
    wanted = found if dayfirst is None else [r for r in found if r.form.dayfirst == dayfirst]
    if found and not wanted:
        raise DataError(_contradiction(found[0], column, bool(dayfirst)))
    chosen = choose(wanted, column)
    if chosen is None:
        raise refuse_row([f for f in forms() if dayfirst is None or f.dayfirst == dayfirst], column)
    return _finish(chosen, column, _why(chosen, wanted, column, numbers))


def looks_like_times(texts: Sequence[str | None]) -> bool:
    """Whether most of a column can be read as times; numbers only if they are dates such as 20191231 or 201912.

    Examples
    --------
    >>> looks_like_times(["Q1 2019", "Q2 2019"]), looks_like_times(["1.5", "2.5"])
    (True, False)
    """
    column = TimeTexts(texts)
    if not column.shapes:
        return False
    if as_numbers(column) is not None:
        return any(r.evenness >= EVEN and not r.guess and r.form.tier == 1 for r in readings(forms(), column))
    rows = int((~column.empty).sum())
    for form in forms():
        if column.share(form.match) < _MOST or moments(form, column).read.sum() < _MOST * rows:
            continue
        if not form.guess or any(r.evenness >= EVEN for r in readings([form], column)):
            return True
    return False


def typed_times(times: np.ndarray, *, zone: str | None = None) -> ReadTimes:
    """Times that come as datetime64, as from a Parquet file or a pandas index.

    Parameters
    ----------
    times : array, shape (n,)
        datetime64 of any unit; in UTC if there is a zone.
    zone : str, optional
        A name such as ``Europe/Berlin``, ``UTC``, or an offset such as ``+05:30``.
    """
    times = times.astype("datetime64[us]")
    if zone is None:
        return ReadTimes(times, Notation(clock=_has_clock(times)))
    return ReadTimes(*hang_typed(times, zone_of(zone)))


def _credible(reading: Reading, as_number: int, name: str) -> bool:
    """Whether numbers are more likely to be dates: evenly spaced as such, and for mere guesses only as such, or so
    named."""
    named = any(g in reading.form.expression.groupindex and word in name.lower() for g, word in _NAMED.items())
    if named or not reading.guess:
        return reading.evenness >= as_number
    return reading.evenness > as_number


def _refuse_spoilt_dates(texts: TimeTexts) -> None:
    """Numbers of which most are dates and some are not, such as 20190229, are no plain numbers."""
    rows = int((~texts.empty).sum())
    for form in forms():
        if form.numeric and form.tier == 1 and any(map(form.match, texts.shapes)):
            read = int(moments(form, texts).read.sum())
            if _MOST * rows <= read < rows:
                raise DataError(f"{refuse_row([form], texts)}; plain numbers are read by --date-format number")


def _contradiction(reading: Reading, texts: TimeTexts, dayfirst: bool) -> str:
    row = int(np.argmax(~texts.empty))
    said = f"dayfirst is {dayfirst}, but {texts.holds(row)}"
    if reading.form.dayfirst is None:
        return f"{said}, which has no day and month in numbers: leave it out"
    return f"{said}, and its rows are times only with the {'day' if not dayfirst else 'month'} first: leave it out"


def _why(chosen: Reading, found: list[Reading], texts: TimeTexts, numbers: np.ndarray | None) -> list[str]:
    """Notes of what was decided."""
    rivals = [r for r in found if r.form.tier == chosen.form.tier]
    row = first_difference(rivals, texts) if len(rivals) > 1 else int(np.argmax(~texts.empty))
    example = f"{texts.original(row)!r} is {in_words(chosen.moments.times[row], chosen.form)}"
    notes = []
    if len(rivals) > 1:
        notes.append(
            f"{texts.called} has several readings; only the one in which {example} leaves its rows evenly spaced"
        )
    elif numbers is not None:
        notes.append(f"the numbers in {texts.called} are read as dates: {example}")
    if "end" in chosen.form.expression.groupindex:
        notes.append(f"{texts.called} holds intervals; the time of each is its start")
    if "y" in chosen.form.expression.groupindex:
        years = chosen.moments.times[chosen.moments.read].astype("datetime64[Y]")
        span = f"{years.min()} to {years.max()}" if years.min() < years.max() else str(years.min())
        notes.append(f"years of two digits in {texts.called} are read as {span}")
    return notes


def _by_format(texts: TimeTexts, numbers: np.ndarray | None, date_format: str, dayfirst: bool | None) -> ReadTimes:
    if date_format in _WORDS:
        if dayfirst is not None:
            raise OptionError(f"date_format {date_format!r} has no day and month: leave dayfirst out")
        if numbers is None:
            row = int(np.argmax(~texts.empty))
            raise DataError(f"date_format is {date_format!r}, but {texts.holds(row)}; expected numbers")
        return _typed_numbers(numbers, texts, date_format)
    form = form_of(date_format)
    if dayfirst is not None and form.dayfirst != dayfirst:
        raise OptionError(
            f"date_format {date_format!r} and dayfirst={dayfirst} contradict each other: leave dayfirst out"
        )
    found = readings([form], texts)
    if not found:
        raise _not_of_format(form, texts, date_format)
    return _finish(found[0], texts, _why(found[0], found, texts, None))


def _not_of_format(form: Form, texts: TimeTexts, date_format: str) -> DataError:
    row = int(np.argmax(~moments(form, texts).read & ~texts.empty))
    return DataError(
        f"date_format is {date_format!r}, but {texts.holds(row)} (the header not counted), which does not follow it"
    )


def _numbers(numbers: np.ndarray, texts: TimeTexts, dayfirst: bool | None) -> ReadTimes:
    if dayfirst is not None:
        raise DataError(f"dayfirst is {dayfirst}, but {texts.called} holds numbers: leave it out")
    if is_epoch(numbers, texts.name):
        return _typed_numbers(numbers, texts, "epoch")
    if is_excel(numbers, texts.name):
        return _typed_numbers(numbers, texts, "excel")
    notes: tuple[str, ...] = ()
    if may_be_excel(numbers):
        first = numbers[~np.isnan(numbers)][:1]
        notes = (
            f"{texts.called} is taken as plain numbers; if {first[0]:.12g} is a spreadsheet's number of the day "
            f"{from_excel(first)[0].astype('datetime64[D]')}, give --date-format excel (date_format='excel' in Python)",
        )
    return ReadTimes(numbers, Notation(decimals=decimals(texts)), notes)


def _typed_numbers(numbers: np.ndarray, texts: TimeTexts, what: str) -> ReadTimes:
    if what == "number":
        return ReadTimes(numbers, Notation(decimals=decimals(texts)))
    times = from_epoch(numbers) if what == "epoch" else from_excel(numbers)
    unit = (unit_of_epoch(numbers) or (1, "seconds"))[1]
    kind = f"{unit} since 1970 in UTC" if what == "epoch" else "day numbers of a spreadsheet"
    notation = Notation(clock=_has_clock(times))
    row = int(np.argmax(~np.isnan(numbers)))
    example = f"{numbers[row]:.17g} is {notation.label(times[row])}"
    return ReadTimes(times, notation, (f"{texts.called} is read as {kind}: {example}",))


def _finish(reading: Reading, texts: TimeTexts, notes: list[str]) -> ReadTimes:
    form = reading.form
    if {"x"} & form.expression.groupindex.keys() and reading.moments.offset_given.any():
        times, notation, said = hang(reading.moments, texts)
        return ReadTimes(times, notation, (*notes, *said))
    times = reading.moments.times
    if form.has_days and "V" not in form.expression.groupindex or "H" in form.expression.groupindex:
        hung = through_summer_time(times) if _has_clock(times) else None
        if hung is not None:
            return ReadTimes(hung[0], hung[1], (*notes, *hung[2]))
        return ReadTimes(times, Notation(clock=_has_clock(times)), tuple(notes))
    names = month_names(form, texts, reading.moments) if "b" in form.expression.groupindex else ()
    pattern = writing_pattern(form, texts)
    if "%b" in pattern and not names:
        pattern = "%Y-%m"
    return ReadTimes(times, Notation(pattern, names), tuple(notes))


def _has_clock(times: np.ndarray) -> bool:
    known = times[~np.isnat(times)]
    return bool(np.any(known != known.astype("datetime64[D]")))


__all__ = ["Notation", "ReadTimes", "join_columns", "looks_like_times", "read_times", "typed_times"]
