"""Columns of texts read as times: a table of forms, and what is refused."""

import datetime as dt

import numpy as np
import pytest

from elman.data.dates.names import MONTHS
from elman.data.read_times import looks_like_times, read_times
from elman.data.times import extend, infer_step
from elman.errors import DataError, OptionError

DAYS = np.arange("2019-01-01", "2019-02-10", dtype="datetime64[D]").astype(object)
MONTH_STARTS = np.arange("2014-01", "2016-07", dtype="datetime64[M]").astype("datetime64[D]").astype(object)
HOURS = np.arange("2019-01-05T00", "2019-01-07T12", dtype="datetime64[h]").astype("datetime64[us]").astype(object)


def written(moments, form):
    return [m.strftime(form) for m in moments]


def goes_on(texts, name="date", **options):
    """The two times that follow, as the column would write them."""
    found = read_times(texts, name, **options)
    return found.notation.labels(extend(found.times[-1], infer_step(found.times), 2))


DAY_FORMS = """
%Y-%m-%d|%Y/%m/%d|%Y.%m.%d|%Y %m %d|%Y%m%d|%d/%m/%Y|%d-%m-%Y|%d.%m.%Y|%d %m %Y|%m/%d/%Y|%m-%d-%Y|%d/%m/%y|%m/%d/%y|
%y-%m-%d|%y/%m/%d|%d-%b-%Y|%d %B %Y|%d%b%Y|%d-%b-%y|%d%b%y|
%B %d, %Y|%b %d %Y|%b. %d, %Y|%Y-%b-%d|%a, %d %b %Y|%A %d %B %Y|
%Y-%j|%d. %m. %Y|%d. %B %Y|%dth %B %Y|%d%m%Y|%m%d%Y|%y%m%d|%Y年%m月%d日
""".replace("\n", "").split("|")


@pytest.mark.parametrize("form", DAY_FORMS)
@pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace("0", " 0").lstrip() and text])
def test_days(form, change):
    assert goes_on([change(t) for t in written(DAYS, form)]) == ["2019-02-10", "2019-02-11"]


def test_days_and_months_of_one_digit():
    assert goes_on([f"{d.month}/{d.day}/{d:%y}" for d in DAYS]) == ["2019-02-10", "2019-02-11"]
    assert goes_on([f"{d.day}.{d.month}.{d.year}" for d in DAYS]) == ["2019-02-10", "2019-02-11"]


MONTH_FORMS = """
%Y-%m|%Y/%m|%Y.%m|%Y%m|%m/%Y|%m-%Y|%m.%Y|%m/%y|%y/%m|%b %Y|%B %Y|%b-%y|%b-%Y|%Y-%b|%Y %B|%YM%m|%Y-M%m|%y-%b|%b'%y|%b%Y|
%b. %Y|M%m %Y|%Y年%m月
""".replace("\n", "").split("|")


@pytest.mark.parametrize("form", MONTH_FORMS)
def test_months_go_on_as_they_are_written(form):
    after = np.array(["2016-07-01", "2016-08-01"], "datetime64[D]").astype(object)
    assert goes_on(written(MONTH_STARTS, form)) == written(after, form)


@pytest.mark.parametrize("names", MONTHS, ids=[" ".join(names[:3]) for names in MONTHS])
@pytest.mark.parametrize("style", [str.lower, str.upper, str.title])
def test_names_of_months_in_several_languages(names, style):
    texts = [style(f"{names[d.month - 1]} {d.year}") for d in MONTH_STARTS]
    assert goes_on(texts[:-2]) == texts[-2:]


CLOCK_FORMS = """
%Y-%m-%d %H:%M|%Y-%m-%dT%H:%M:%S|%Y-%m-%dT%H:%M:%S.000|%Y-%m-%dT%H:%M:%S,000|%Y-%m-%d %H|%Y-%m-%dT%H|%Y%m%dT%H%M|
%Y%m%d%H|%Y%m%d%H%M|%Y%m%d%H%M%S|%Y%m%d %H:%M|%d/%m/%Y %I:%M %p|%m/%d/%Y %I:%M:%S%p|%m/%d/%y %I %p|%d.%m.%Y %H.%M|
%d.%m.%Y, %H:%M Uhr|%a %b %d %H:%M:%S %Y|%Y-%m-%d %I%p|%H:%M %d.%m.%Y|%I:%M %p %m/%d/%Y|%Y-%m-%d-%H|%d %b %Y at %H:%M|
%Y-%m-%d %Hh|%d/%b/%Y:%H:%M:%S
""".replace("\n", "").split("|")


HALF_DAYS = ["AM PM", "am pm", "a.m. p.m.", "a. m. p. m."]


@pytest.mark.parametrize("form, noon", [(f, n) for f in CLOCK_FORMS for n in HALF_DAYS if "%p" in f or n == "AM PM"])
def test_hours(form, noon):
    first, second = noon[: len(noon) // 2], noon[len(noon) // 2 + 1 :]
    texts = [t.replace("AM", first).replace("PM", second) for t in written(HOURS, form)]
    assert goes_on(texts) == ["2019-01-07T12:00:00", "2019-01-07T13:00:00"]


QUARTERS = """
{Y}-Q{q}|{Y}Q{q}|{Y} Q{q}|{Y}:Q{q}|Q{q} {Y}|Q{q}-{Y}|Q{q}-{y}|Q{q}/{y}|{q}Q{Y}|{q}Q{y}|{Y}.{q}|{Y}-{q}|{Y}:{q}|{Y}{q}|
T{q} {Y}|{Y}q{q}
""".replace("\n", "")
HALVES = "{Y}H{h}|{Y}-S{h}|H{h} {Y}|{h}H{Y}"
WEEKS = """
{0}-W{1:02d}|{0}W{1:02d}|{0} W{1}|W{1} {0}|{0}-W{1:02d}-{2}|{0}W{1:02d}{2}|KW {1} {0}|{0}{1:02d}|Week {1}, {0}
""".replace("\n", "")


@pytest.mark.parametrize("form", QUARTERS.split("|"))
def test_quarters_go_on_as_they_are_written(form):
    texts = [form.format(Y=2005 + i // 4, y=f"{5 + i // 4:02d}", q=i % 4 + 1) for i in range(15)]
    assert goes_on(texts[:-2]) == texts[-2:]


@pytest.mark.parametrize("form", HALVES.split("|"))
def test_halves_go_on_as_they_are_written(form):
    texts = [form.format(Y=2005 + i // 2, h=i % 2 + 1) for i in range(9)]
    assert goes_on(texts[:-2]) == texts[-2:]


@pytest.mark.parametrize("form", WEEKS.split("|"))
def test_weeks_go_on_over_years_of_52_and_53(form):
    mondays = np.arange("2019-12-30", "2022-01-31", 7, dtype="datetime64[D]").astype(object)
    texts = [form.format(*d.isocalendar()) for d in mondays]
    assert goes_on(texts[:-2]) == texts[-2:]
    assert goes_on(texts[:52], "week") == texts[52:54] and "53" in texts[52]


@pytest.mark.parametrize("form", ["{0}/{2:02d}", "{0}-{1}", "{0}/{1}"])
def test_years_that_straddle_two(form):
    texts = [form.format(y, y + 1, (y + 1) % 100) for y in range(1996, 2012)]
    assert goes_on(texts[:-2]) == texts[-2:]


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("end", ["", ".0"])
def test_counts_since_1970(unit, end):
    found = read_times([f"{(1546300800 + 3600 * i) * unit}{end}" for i in range(30)], "ts")
    assert found.times[0] == np.datetime64("2019-01-01") and "since 1970" in found.notes[0]
    assert goes_on([str((1546300800 + 86400 * i) * unit) for i in range(90)]) == ["2019-04-01", "2019-04-02"]


def test_numbers_that_are_no_dates_stay_numbers():
    for numbers in (
        range(30),
        range(1700, 1730),
        range(-9, 9),
        np.arange(1958, 1961, 1 / 12).round(3),
        [0.5, 1.0, 1.5],
    ):
        found = read_times([str(n) for n in numbers], "t")
        np.testing.assert_array_equal(found.times, np.array(numbers, float))
        assert not found.notes


def test_decimal_years_go_on_with_as_many_digits():
    assert goes_on([f"{1958 + i / 12:.3f}" for i in range(36)]) == ["1961", "1961.084"]  # 1960.917 + 2 / 12
    assert goes_on([f"{1958 + i / 12:.2f}" for i in range(36)]) == ["1961", "1961.09"]  # 1960.92 + 2 / 12
    assert goes_on([f"{1958 + i / 4:g}" for i in range(9)]) == ["1960.25", "1960.5"]


def test_months_after_the_point():
    months = [f"{d:%Y.%m}" for d in MONTH_STARTS]
    assert goes_on([m.rstrip("0") for m in months[:-1]])[0] == "2016.06"  # 2014.10 that lost its zero
    assert goes_on([f"{d.year}.{d.month}" for d in MONTH_STARTS]) == ["2016.7", "2016.8"]


def test_day_numbers_of_a_spreadsheet():
    assert goes_on([str(43466 + i) for i in range(90)]) == ["2019-04-01", "2019-04-02"]
    plain = read_times([str(43466 + i) for i in range(90)], "t")
    assert plain.times[0] == 43466 and "2019-01-01" in plain.notes[0] and "--date-format excel" in plain.notes[0]
    months = np.arange("2019-01", "2021-01", dtype="datetime64[M]").astype("datetime64[D]")
    numbers = [str(n) for n in (months - np.datetime64("1899-12-30")).astype(int)]
    assert read_times(numbers, "t").times[-1] == months[-1]  # evenly spaced as dates only


AMBIGUOUS = {
    "days or months": (["01/03/2020", "02/03/2020", "03/03/2020"], ["1 March 2020", "3 January 2020", "--dayfirst"]),
    "uneven either way": (["01/03/2020", "02/07/2020", "09/11/2020"], ["1 March 2020", "3 January 2020"]),
    "which is the year": (["01-02-03", "02-02-03"], ["1 February 2003", "2 January 2003", "3 February 2001"]),
    "month and year": ([f"{i:02d}/{i + 1:02d}" for i in range(1, 5)], ["January 2002", "February 2001"]),
}


@pytest.mark.parametrize("texts, words", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_two_readings_are_refused_and_shown(texts, words):
    with pytest.raises(DataError) as refusal:
        read_times(texts, "date")
    for word in [*words, "--date-format", "date_format="]:
        assert word in str(refusal.value)


def test_a_guess_that_leaves_rows_uneven_asks_for_the_format():
    texts = ["Jun-02", "Sep-02", "Oct-02", "Jan-09"]
    with pytest.raises(DataError, match="'Jun-02' in row 1, which may be June 2002, .*--date-format '%b-%y'"):
        read_times(texts, "date")
    assert read_times(texts, "date", date_format="%b-%y").times[-1] == np.datetime64("2009-01-01")


def test_what_the_user_says_decides():
    texts = ["01/03/2020", "02/03/2020", "03/03/2020"]
    assert goes_on(texts, dayfirst=True) == ["2020-03-04", "2020-03-05"]
    assert goes_on(texts, dayfirst=False) == ["2020-04-03", "2020-05-03"]
    assert goes_on(texts, date_format="%d/%m/%Y") == ["2020-03-04", "2020-03-05"]
    assert goes_on(["13/03/2020", "14/03/2020"], dayfirst=True) == ["2020-03-15", "2020-03-16"]
    assert (
        goes_on(["5. Quartal 2019x"[3:-1].replace("Quartal", f"Q{q}") for q in (1, 2)], date_format="Q%q %Y")[0]
        == "Q3 2019"
    )


CONTRADICTIONS = {
    "the days come first": (
        ["13/03/2020", "14/03/2020"],
        {"dayfirst": False},
        "dayfirst is False.*'13/03/2020' in row 1",
    ),
    "ISO": (["2020-03-13", "2020-03-14"], {"dayfirst": True}, "dayfirst is True.*month first"),
    "no days": (["Jan 2020", "Feb 2020"], {"dayfirst": True}, "no day and month"),
    "numbers": (["1", "2"], {"dayfirst": True}, "holds numbers"),
    "another format": (["2020-03-13", "2020-03-14", "15.3.2020"], {"date_format": "%Y-%m-%d"}, "'15.3.2020' in row 3"),
    "no such day": (["2020-02-29", "2021-02-29"], {"date_format": "%Y-%m-%d"}, "'2021-02-29' in row 2"),
    "no numbers": (["2020-03-13"], {"date_format": "epoch"}, "expected numbers"),
}


@pytest.mark.parametrize("texts, options, message", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_options_that_the_column_contradicts(texts, options, message):
    with pytest.raises(DataError, match=message):
        read_times(texts, "date", **options)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"date_format": "%d/%m"}, "no year"),
        ({"date_format": "%Y %Q"}, "'%Q' is not known"),
        ({"date_format": "%Y %Y"}, "twice"),
        ({"date_format": "%d/%m/%Y", "dayfirst": False}, "contradict"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(OptionError, match=message):
        read_times(["01/03/2020"], "date", **options)


BAD_ROWS = {
    "words": (["2019-01-01", "2019-01-02", "Total"], r"holds 'Total' in row 3 .*'2019-01-01' in row 1 \(%Y-%m-%d\)"),
    "no such day": (["2019-02-28", "2019-02-29", "2019-03-01"], "'2019-02-29' in row 2"),
    "another form": (["13/01/2019", "14/01/2019", "2019-01-15"], r"'2019-01-15' in row 3 .*%d/%m/%Y"),
    "no such month": (["2019-01", "2019-13"], "'2019-13' in row 2"),
    "no such week": (["2019-W52", "2019-W53"], "'2019-W53' in row 2"),
    "no such hour": (["2019-01-01 23:00", "2019-01-01 25:00"], "'2019-01-01 25:00' in row 2"),
    "no such day in numbers": (["20190227", "20190228", "20190229", "20190301", "20190302"], "'20190229' in row 3"),
    "no such month in numbers": (["201911", "201912", "201913", "202001", "202002"], "'201913' in row 3.*number"),
    "no time anywhere": (["a", "b"], "holds 'a' in row 1 .*expected a time"),
    "nothing": (["", None, "NaN"], "no time at all"),
    "some with an offset": (["2019-01-01T00:00Z", "2019-01-01T01:00"], "row 2, without an offset"),
}


@pytest.mark.parametrize("texts, message", BAD_ROWS.values(), ids=BAD_ROWS)
def test_the_row_that_is_no_time_is_named(texts, message):
    with pytest.raises(DataError, match=message):
        read_times(texts, "date")


def test_messages_call_rows_and_source_as_the_user_does():
    with pytest.raises(DataError, match=r"column 'date' of x\.csv holds 'z' in row 17"):
        read_times(["2019-01-01", "z"], "date", source="x.csv", rows=np.array([5, 17]))


def test_empty_cells_are_missing_times():
    found = read_times(["2019-01-01", None, "", "2019-01-04"], "date")
    np.testing.assert_array_equal(np.isnat(found.times), [False, True, True, False])
    assert np.isnan(read_times(["1", "", "3"], "t").times[1])


@pytest.mark.parametrize("form", ["%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M:%S"])
@pytest.mark.parametrize("between", [" - ", "/", " to "])
def test_intervals_are_read_by_their_start(form, between):
    texts = [f"{h.strftime(form)}{between}{(h + dt.timedelta(hours=1)).strftime(form)}" for h in HOURS]
    assert goes_on(texts) == ["2019-01-07T12:00:00", "2019-01-07T13:00:00"]
    assert "intervals" in " ".join(read_times(texts, "MTU").notes)


def test_special_clocks():
    texts = [f"2019-01-0{1 + i // 24} {i % 24 + 1:02d}:00" for i in range(30)]  # 24:00 is the next midnight
    assert goes_on(texts) == ["2019-01-02T07:00:00", "2019-01-02T08:00:00"]
    leap = read_times(["2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z"], "t").times
    assert leap[1] == np.datetime64("2017-01-01")
    fractions = read_times(["2016-12-31 23:59:59.5", "2016-12-31 23:59:59.123456789"], "t").times
    assert str(fractions[1]) == "2016-12-31T23:59:59.123456" and str(fractions[0])[-8:] == "9.500000"


@pytest.mark.parametrize(
    "texts",
    [["02:55:10", "02:24:24", "01:59:59"], ["12:30", "13:30"], ["1977-1989", "1990-2001"], ["Oct18", "Nov06", "Dec06"]],
    ids=["durations", "clocks", "ranges", "days without a year"],
)
def test_what_only_looks_like_a_time_is_none(texts):
    assert not looks_like_times(texts)
    with pytest.raises(DataError):
        read_times(texts, "t")


def test_a_word_among_numbers_is_named():
    with pytest.raises(DataError, match="holds 'ancient' in row 3 .*no number as the other rows are, such as '1766'"):
        read_times(["1766", "1801", "ancient", "1899"], "year")


def test_years_of_two_digits_are_of_the_past():
    found = read_times(["25/11/63", "02/01/64", "13/02/64"], "date")
    assert str(found.times[0])[:10] == "1963-11-25" and "1963 to 1964" in found.notes[0]
    assert str(read_times(["25/11/38", "26/11/38"], "date").times[0])[:4] == "2038"


def test_two_digit_years_turn_the_century_where_the_rows_say_so():
    years = [f"31.12.{y % 100:02d}" for y in range(1955, 2019)]
    found = read_times(years, "date")
    assert str(found.times[0])[:4] == "1955" and str(found.times[-1])[:4] == "2018"
    assert any("1955 to 2018" in note for note in found.notes)


def test_columns_of_times_are_told_from_others():
    times = (
        ["Q1 2019", "Q2 2019"],
        written(DAYS, "%d/%m/%Y"),
        written(MONTH_STARTS, "%Y%m"),
        ["2019-01-01", "", "2019-01-02"],
    )
    others = (["1.5", "2.5"], ["1000000000", "1000000002"], ["a", "b"], [], [None], ["1", "2"], ["store 1", "store 2"])
    assert all(map(looks_like_times, times)) and not any(map(looks_like_times, others))
