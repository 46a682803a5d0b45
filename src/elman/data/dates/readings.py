"""The readings that a column allows, and the choice among them: all rows valid, and evenly spaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from elman.data.dates.fields import Moments, moments
from elman.data.dates.forms import Form
from elman.data.dates.patterns import pattern_of
from elman.data.dates.texts import TimeTexts
from elman.data.times import infer_step, positions
from elman.errors import DataError

_TRIED = 6  # forms that read most rows, in search of the row that none reads
EVEN = 2


@dataclass(frozen=True)
class Reading:
    """One way to read a whole column.

    Attributes
    ----------
    form : Form
    moments : Moments
    evenness : int
        3 where rows are evenly spaced, 2 where they are but for missing ones, else 1.
    """

    form: Form
    moments: Moments
    evenness: int


def evenness(times: np.ndarray) -> int:
    """3 where times are evenly spaced, 2 where they are but for missing ones, else 1; in any order, repeats aside."""
    known = np.unique(times[~np.isnat(times)] if times.dtype.kind == "M" else times[~np.isnan(times)])
    if len(known) < 2:
        return 3
    step = infer_step(known)
    if not step.regular:
        return 1
    return 3 if positions(known, step)[-1] + 1 == len(known) else 2


def readings(forms: Iterable[Form], texts: TimeTexts) -> list[Reading]:
    """Every form that reads all rows which are not empty; of those that agree on all times, the first."""
    found: list[Reading] = []
    for form in forms:
        if all(form.match(shape) for shape in texts.shapes):
            read = _read(form, texts)
            if read is not None and not any(_same(read, other) for other in found):
                found.append(read)
    return found


def _same(one: Reading, other: Reading) -> bool:
    return np.array_equal(one.moments.times, other.moments.times, equal_nan=True)


def _read(form: Form, texts: TimeTexts) -> Reading | None:
    found = moments(form, texts)
    if not (found.read | texts.empty).all():
        return None
    return _other_century(form, texts, Reading(form, found, evenness(found.times)))


def _other_century(form: Form, texts: TimeTexts, reading: Reading) -> Reading:
    """Years of two digits that run through 69: the century turns where it leaves the rows evenly spaced."""
    if "y" not in form.expression.groupindex or reading.evenness >= EVEN:
        return reading
    first = int(reading.moments.times[np.argmax(reading.moments.read)].astype("datetime64[Y]").astype(int)) + 1970
    turned = moments(form, texts, century=first % 100)
    other = Reading(form, turned, evenness(turned.times))
    return other if other.evenness > reading.evenness else reading


def choose(found: list[Reading], texts: TimeTexts, name: str) -> Reading | None:
    """The reading that leaves the rows evenly spaced, else the only one there is; None if there is none.

    Raises
    ------
    DataError
        If there are several, with an example of each.
    """
    for tier in (1, 2):
        group = [r for r in found if r.form.tier == tier]
        most = max((r.evenness for r in group), default=0)
        if most >= EVEN:
            return _only([r for r in group if r.evenness == most], texts, name, "the rows are evenly spaced either way")
    for tier in (1, 2):
        group = [r for r in found if r.form.tier == tier and not r.form.guess]
        if group:
            return _only(group, texts, name, "the rows are evenly spaced in none")
    return None


def _only(group: list[Reading], texts: TimeTexts, name: str, why: str) -> Reading:
    if len(group) == 1:
        return group[0]
    row = first_difference(group, texts)
    ways = " or ".join(f"{in_words(r.moments.times[row], r.form)} ({pattern_of(r.form, texts, row)!r})" for r in group)
    patterns = [pattern_of(r.form, texts, row) for r in group]
    dayfirst = "--dayfirst or " if {r.form.dayfirst for r in group} == {True, False} else ""
    in_python = "dayfirst=True or " if dayfirst else ""
    raise DataError(
        f"column {name!r} can be read in {len(group)} ways: {texts.original(row)!r} in row {row + 1} is {ways}, and "
        f"{why}. Say which: {dayfirst}--date-format {patterns[0]!r} ({in_python}date_format={patterns[0]!r} in "
        "Python); day, month and year are %d, %m and %Y"
    )


def first_difference(group: Sequence[Reading], texts: TimeTexts) -> int:
    """The first row that readings take for different times."""
    times = np.stack([r.moments.times for r in group])
    differ = (times != times[0]).any(0) & ~texts.empty
    everywhere = np.all([times[i] != times[j] for i in range(len(group)) for j in range(i)], axis=0) & differ
    return int(np.argmax(everywhere if everywhere.any() else differ))


_MONTHS = "January February March April May June July August September October November December".split()


def in_words(time: np.datetime64, form: Form) -> str:
    """A date that no one can misread.

    Examples
    --------
    >>> from elman.data.dates.forms import form_of
    >>> in_words(np.datetime64("2020-03-01", "us"), form_of("%d/%m/%Y"))
    '1 March 2020'
    >>> in_words(np.datetime64("2020-03"), form_of("%m/%y"))
    'March 2020'
    """
    year, month, day = str(time.astype("datetime64[D]")).split("-")
    in_year = f"{_MONTHS[int(month) - 1]} {int(year)}"
    return f"{int(day)} {in_year}" if form.has_days or {"V"} & form.expression.groupindex.keys() else in_year


def refuse_row(forms: Iterable[Form], texts: TimeTexts, name: str) -> DataError:
    """The error that names the first row that does not fit what most rows are."""
    counts = [(sum(len(texts.rows(s)) for s in texts.shapes if form.match(s)), form) for form in forms]
    likely = sorted((c for c in counts if c[0]), key=lambda pair: -pair[0])[:_TRIED]
    read = [(moments(form, texts).read, form) for _, form in likely]
    best, form = max(read, key=lambda pair: int(pair[0].sum()), default=(texts.empty & False, None))
    row = int(np.argmax(~best & ~texts.empty))
    holds = f"column {name!r} holds {texts.texts[row]!r} in row {row + 1} (the header not counted)"
    if form is None or not best.any():
        return DataError(
            f"{holds}; expected a time, such as 2001-12-31, 2001-12-31 18:00, 31/12/2001, Dec 2001, "
            "2001-Q4 or 2001-W52. Its form can be given: --date-format '%d/%m/%Y' (date_format='%d/%m/%Y' in Python)"
        )
    like = int(np.argmax(best))
    return DataError(
        f"{holds}, which is no time of the form of the other rows, such as {texts.original(like)!r} in row {like + 1} "
        f"({pattern_of(form, texts, like)}): mend or remove that row"
    )
