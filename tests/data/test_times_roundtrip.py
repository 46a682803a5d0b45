"""Any form, spacing and start, written here and read back equal."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elman.data.read_times import looks_like_times, read_times
from elman.data.times import extend, infer_step
from elman.errors import DataError
from tests.draws import draws

# forms of strftime, by the finest step that they can write
FORMS = {
    "days": """%Y-%m-%d|%Y/%m/%d|%Y.%m.%d|%Y%m%d|%d/%m/%Y|%m/%d/%Y|%d.%m.%Y|%d-%m-%y|%m/%d/%y|%y-%m-%d|%d-%b-%Y|
        %d %B %Y|%d%b%Y|%B %d, %Y|%a, %d %b %Y|%Y-%j""",
    "months": "%Y-%m|%Y/%m|%Y.%m|%Y%m|%m/%Y|%b %Y|%b-%y|%Y-%b|%YM%m|%B %Y",
    "minutes": """%Y-%m-%dT%H:%M:%S|%Y-%m-%d %H:%M|%d/%m/%Y %H:%M|%m/%d/%Y %I:%M %p|%d.%m.%Y %H:%M:%S|%Y%m%dT%H%M|
        %Y%m%d%H%M|%Y-%m-%d %H:%M:%S.%f|%b %d, %Y %I:%M %p|%H:%M %d.%m.%Y""",
}
ALL_FORMS = [(form.strip(), finest) for finest, listed in FORMS.items() for form in listed.split("|")]
STEPS = {
    "minutes": [dt.timedelta(minutes=m) for m in (1, 15, 30, 60, 180)],
    "days": [dt.timedelta(days=d) for d in (1, 7, 14)],
}
STARTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2030, 1, 1)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


def months_from(start, size, n, day):
    first = np.datetime64(start, "M") + np.arange(n) * size
    last = (first + 1).astype("datetime64[D]") - 1
    return np.minimum(first.astype("datetime64[D]") + day - 1, last).astype("datetime64[us]")


@st.composite
def calendars(draw):
    """A form, and times that it can write."""
    form, finest = draw(st.sampled_from(ALL_FORMS))
    start, n = draw(STARTS), draw(st.integers(3, 120))
    if finest == "months":
        return form, months_from(start, draw(st.sampled_from([1, 3, 6, 12])), n, 1)
    if finest == "days" and draw(st.booleans()):
        return form, months_from(start, draw(st.sampled_from([1, 3])), n, draw(st.integers(1, 31)))
    step = draw(st.sampled_from(STEPS[finest]))
    first = np.datetime64(start if finest == "minutes" else start.date(), "us")
    return form, first + np.arange(n) * np.timedelta64(step)


@draws(300)
@given(calendars(), st.sampled_from([str, str.upper, str.lower]))
def test_what_is_written_is_read_back_or_refused_as_ambiguous(calendar, case):
    form, times = calendar
    assume("%y" not in form or times[-1] < np.datetime64("2040-01-01"))
    texts = [case(t.strftime(form)) for t in times.astype(object)]
    try:
        found = read_times(texts, "when")
    except DataError as refusal:
        assert "can be read in" in str(refusal) and "--date-format" in str(refusal)
        found = read_times(texts, "when", date_format=form)
    if found.times.dtype.kind == "f":  # few numbers that are even as they are
        assert form in ("%Y.%m", "%Y%m", "%Y%m%d%H%M") and len(times) < 12
        return
    np.testing.assert_array_equal(found.times, times)
    assert looks_like_times(texts)


@draws(100)
@given(calendars())
def test_the_forecast_goes_on_as_the_file_would(calendar):
    form, times = calendar
    assume(len(times) > 20)
    assume("%y" not in form or times[-1] < np.datetime64("2040-01-01"))
    texts = [t.strftime(form) for t in times.astype(object)]
    found = read_times(texts[:-2], "when", date_format=form)
    after = extend(found.times[-1], infer_step(found.times), 2)
    np.testing.assert_array_equal(after, times[-2:])
    if "%d" not in form and "%j" not in form:
        assert found.notation.labels(after) == texts[-2:]


@draws(100)
@given(calendars(), st.data())
def test_a_row_that_is_no_time_is_found_anywhere(calendar, data):
    form, times = calendar
    assume(len(times) > 5)
    texts = [t.strftime(form) for t in times.astype(object)]
    row = data.draw(st.integers(0, len(texts) - 1))
    texts[row] = data.draw(st.sampled_from(["Total", "2019-13-45", "31/31/2019", "#REF!", "12"]))
    with pytest.raises(DataError, match=f"in row {row + 1} |can be read in"):
        read_times(texts, "when", date_format=form)
    with pytest.raises(DataError):
        read_times(texts, "when")


@draws(100)
@given(
    st.lists(st.text(st.sampled_from("0123456789-/.: TZQWjanpm+é"), max_size=12) | st.none(), max_size=20),
    st.booleans(),
)
def test_any_texts_are_read_or_refused(texts, dayfirst):
    try:
        found = read_times(texts, "when", dayfirst=dayfirst or None)
    except DataError:
        return
    assert len(found.times) == len(texts)
    assert len(found.notation.labels(found.times)) == len(texts)
