"""The readings that a column allows, and the choice among them: all rows valid, and evenly spaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from elman.data.dates.fields import CENTURY, Moments, moments
from elman.data.dates.forms import Form
from elman.data.dates.patterns import pattern_of
from elman.data.dates.texts import TimeTexts, is_number
from elman.data.steps import distinct, infer_step, positions
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

    @property
    def guess(self) -> bool:
        """Whether only even spacing makes it credible: two digits above 31 are years and nothing else."""
        years = self.moments.times[self.moments.read].astype("datetime64[Y]").astype(np.int64) % 100 - 30
        return self.form.guess and not ("y" in self.form.expression.groupindex and bool(np.any(years % 100 > 31)))


def evenness(times: np.ndarray) -> int:
    """3 where times are evenly spaced, 2 where they are but for missing ones, else 1; in any order, repeats aside."""
    known = distinct(times)
    if len(known) < 2:
        return 3
    step = infer_step(known)
    if not step.regular:
        return 2 if step.unit == "weekdays" else 1
    return 3 if positions(known, step)[-1] + 1 == len(known) else 2


def readings(forms: Iterable[Form], texts: TimeTexts) -> list[Reading]:
    """Every form that reads all rows which are not empty; of those that agree on all times, the first.

    Forms of the second tier are tried only where none of the first leaves the rows evenly spaced.
    """
    fitting = [form for form in forms if all(form.match(shape) for shape in texts.shapes)]
    found = _distinct([form for form in fitting if form.tier == 1], texts)
    if any(r.evenness >= EVEN for r in found):
        return found
    return [*found, *_distinct([form for form in fitting if form.tier > 1], texts)]


def _distinct(forms: list[Form], texts: TimeTexts) -> list[Reading]:
    found: list[Reading] = []
    for form in forms:
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
    """Years of two digits that run through 40: the century turns where rows are evenly spaced then, or in order."""
    ordered = _in_order(reading.moments.times)
    if "y" not in form.expression.groupindex or ordered and (reading.evenness > EVEN or texts.empty.all()):
        return reading
    first, _ = _years(reading.moments)
    turned = moments(form, texts, century=1900 + first % 100)
    if _years(turned)[1] >= CENTURY + 100:  # records of the past
        turned = moments(form, texts, century=1800 + first % 100)
    other = Reading(form, turned, evenness(turned.times))
    better = other.evenness > reading.evenness or (_in_order(turned.times) and not ordered)
    return other if better else reading


def _years(found: Moments) -> tuple[int, int]:
    """Of the first row and of the latest."""
    years = found.times[found.read].astype("datetime64[Y]").astype(int) + 1970
    return int(years[0]), int(years.max())


def _in_order(times: np.ndarray) -> bool:
    known = times[~np.isnat(times)]
    return bool((known[1:] >= known[:-1]).all())


def choose(found: list[Reading], texts: TimeTexts) -> Reading | None:
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
            return _only([r for r in group if r.evenness == most], texts, "the rows are evenly spaced either way")
    for tier in (1, 2):
        group = [r for r in found if r.form.tier == tier and not r.guess]
        if group:
            return _only(group, texts, "the rows are evenly spaced in none")
    if found:
        raise _mere_guess(found[0], texts)
    return None


def _mere_guess(reading: Reading, texts: TimeTexts) -> DataError:
    row = int(np.argmax(~texts.empty))
    pattern = pattern_of(reading.form, texts, row)
    return DataError(
        f"{texts.holds(row)}, which may be {in_words(reading.moments.times[row], reading.form)}, but the rows are not "
        f"evenly spaced so. If it is, give --date-format {pattern!r} (date_format={pattern!r} in Python)"
    )


def _only(group: list[Reading], texts: TimeTexts, why: str) -> Reading:
    if len(group) == 1:
        return group[0]
    row = first_difference(group, texts)
    ways = " or ".join(f"{in_words(r.moments.times[row], r.form)} ({pattern_of(r.form, texts, row)!r})" for r in group)
    patterns = [pattern_of(r.form, texts, row) for r in group]
    dayfirst = "--dayfirst or " if {r.form.dayfirst for r in group} == {True, False} else ""
    in_python = "dayfirst=True or " if dayfirst else ""
    raise DataError(
        f"{texts.called} can be read in {len(group)} ways: {texts.original(row)!r} in {texts.place(row)} is {ways}, "
        f"and {why}. Say which: {dayfirst}--date-format {patterns[0]!r} ({in_python}date_format={patterns[0]!r} in "
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


def refuse_row(forms: Iterable[Form], texts: TimeTexts) -> DataError:
    """The error that names the first row that does not fit what most rows are."""
    counts = [(texts.share(form.match), form) for form in forms]
    likely = sorted((c for c in counts if c[0]), key=lambda pair: -pair[0])[:_TRIED]
    read = [(moments(form, texts).read, form) for _, form in likely]
    rows, numbers = int((~texts.empty).sum()), texts.share(is_number)
    if max((int(r.sum()) / rows for r, _ in read), default=0) < numbers < 1 and numbers >= 0.5:
        return _no_number(texts)
    best, form = max(read, key=lambda pair: int(pair[0].sum()), default=(texts.empty & False, None))
    row = int(np.argmax(~best & ~texts.empty))
    holds = f"{texts.holds(row)} (the header not counted)"
    if form is None or not best.any():
        return DataError(
            f"{holds}; expected a time, such as 2001-12-31, 2001-12-31 18:00, 31/12/2001, Dec 2001, "
            "2001-Q4 or 2001-W52. Its form can be given: --date-format '%d/%m/%Y' (date_format='%d/%m/%Y' in Python)"
        )
    like = int(np.argmax(best))
    return DataError(
        f"{holds}, which is no time of the form of the other rows, such as {texts.original(like)!r} in "
        f"{texts.place(like)} ({pattern_of(form, texts, like)}): mend or remove that row"
    )


def _no_number(texts: TimeTexts) -> DataError:
    row = min(int(texts.rows(s)[0]) for s in texts.shapes if not is_number(s))
    like = min(int(texts.rows(s)[0]) for s in texts.shapes if is_number(s))
    return DataError(
        f"{texts.holds(row)} (the header not counted), which is no number as the other rows are, such as "
        f"{texts.original(like)!r} in {texts.place(like)}: mend or remove that row"
    )
