import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.times import Step, check_order, extend, infer_step, labels, positions, without_holes
from elman.errors import DataError


def dates(*texts):
    return np.array(texts, "datetime64[us]")


def every(start, step, n, unit="D"):
    return (np.datetime64(start, unit) + np.arange(n) * step).astype("datetime64[us]")


# times, the step in words, and what comes next
CALENDARS = {
    "years as numbers": (np.arange(1700.0, 1710), "1", ["1710", "1711"]),
    "every fourth year": (np.arange(1900.0, 1940, 4), "4", ["1940", "1944"]),
    "decimal years": (np.round(1958 + np.arange(40) / 12, 3), "0.0833333", None),
    "weeks": (every("1958-03-29", 7, 9), "7 days", ["1958-05-31", "1958-06-07"]),
    "hours": (every("2020-02-28T22", 1, 5, "h"), "1 hour", ["2020-02-29T03:00:00", "2020-02-29T04:00:00"]),
    "months": (every("2019-11", 1, 3, "M"), "1 month", ["2020-02-01", "2020-03-01"]),
    "month ends": (dates("2019-11-30", "2019-12-31", "2020-01-31"), "1 month", ["2020-02-29", "2020-03-31"]),
    "quarters": (every("2019-01", 3, 4, "M"), "3 months", ["2020-01-01", "2020-04-01"]),
    "years as dates": (every("1999", 1, 4, "Y"), "1 year", ["2003-01-01", "2004-01-01"]),
    "last weekdays of months": (
        np.busday_offset(np.arange("2019-01", "2020-01", dtype="datetime64[M]") + 1, -1, roll="forward").astype(
            "datetime64[us]"
        ),
        "1 month",
        ["2020-01-31", "2020-02-28"],
    ),
    "first weekdays of quarters": (
        np.busday_offset(np.arange("2019-01", "2021-01", 3, dtype="datetime64[M]"), 0, roll="forward").astype(
            "datetime64[us]"
        ),
        "3 months",
        ["2021-01-01", "2021-04-01"],
    ),
    "half hours": (every("2020-02-28T23:00", 30, 9, "m"), "30 minutes", ["2020-02-29T03:30:00", "2020-02-29T04:00:00"]),
    "leap days": (
        dates("2016-02-29", "2017-02-28", "2018-02-28", "2019-02-28"),
        "1 year",
        ["2020-02-29", "2021-02-28"],
    ),
    "trading days": (np.busday_offset("2024-03-01", np.arange(9)).astype("datetime64[us]"), "1 weekday", None),
}


@pytest.mark.parametrize("times, step, after", CALENDARS.values(), ids=CALENDARS)
def test_calendars_are_recognised_and_go_on(times, step, after):
    found = infer_step(times)
    assert found.regular and str(found) == step
    if after:
        assert labels(extend(times[-1], found, 2)) == after


@pytest.mark.parametrize("times, step, after", CALENDARS.values(), ids=CALENDARS)
def test_extending_the_first_time_gives_the_rest(times, step, after):
    rest = extend(times[0], infer_step(times), len(times) - 1)
    if times.dtype.kind == "M":
        np.testing.assert_array_equal(rest, times[1:])
    else:
        np.testing.assert_allclose(rest, times[1:], atol=1e-3)


@pytest.mark.parametrize("times, step, after", CALENDARS.values(), ids=CALENDARS)
def test_a_missing_row_leaves_a_hole_in_the_positions(times, step, after):
    if len(times) > 6:
        holed = np.delete(times, 4)
        place = positions(holed, infer_step(holed))
        np.testing.assert_array_equal(place, np.delete(np.arange(len(times)), 4))


def test_decimal_years_of_two_digits_are_even():
    times = np.round(1958 + np.arange(40) / 12, 2)
    step = infer_step(times)
    assert step.regular and str(step) == "0.0833333"
    np.testing.assert_array_equal(
        positions(np.delete(times, 4), infer_step(np.delete(times, 4))), np.delete(np.arange(40), 4)
    )
    assert not infer_step(np.array([0.1, 0.5, 0.6, 0.9, 1.4, 1.5])).regular


def test_trading_days_skip_the_weekend():
    friday = np.datetime64("2024-03-01", "us")
    assert labels(extend(friday, Step("weekdays", 1), 2)) == ["2024-03-04", "2024-03-05"]


def test_irregular_times_are_said_to_be_so_and_go_on_at_the_median():
    step = infer_step(np.array([0.0, 1.0, 2.7, 3.1, 4.1, 5.1]))
    assert not step.regular and step.size == 1.0
    np.testing.assert_array_equal(positions(np.array([0.0, 1.0, 2.7]), step), [0, 1, 2])


def test_jitter_of_a_clock_does_not_add_up_to_missing_rows():
    seconds = np.arange(5000) * 10.05 + np.where(np.arange(5000) % 2, 0.05, 0)
    times = np.datetime64("2024-01-01", "us") + (seconds * 1e6).astype("timedelta64[us]")
    step = infer_step(times)
    assert step.regular and positions(times, step)[-1] == 4999


@given(st.integers(0, 1000), st.sets(st.integers(1, 898), max_size=200))
def test_a_clock_that_drifts_loses_no_row(seed, lost):
    seconds = np.cumsum(10 + np.random.default_rng(seed).uniform(-0.09, 0.09, 900))
    kept = np.delete(np.arange(900), list(lost))
    times = np.datetime64("2024-01-01", "us") + (seconds[kept] * 1e6).astype("timedelta64[us]")
    step = infer_step(times)
    np.testing.assert_array_equal(positions(times, step), kept)
    filled = without_holes(times, step)
    np.testing.assert_array_equal(filled[kept], times)
    assert (np.diff(filled) > np.timedelta64(9, "s")).all()


@pytest.mark.parametrize("times, step, after", CALENDARS.values(), ids=CALENDARS)
def test_holes_in_a_calendar_are_filled_with_its_times(times, step, after):
    if len(times) > 6:
        filled = without_holes(np.delete(times, [3, 4]), infer_step(np.delete(times, [3, 4])))
        if times.dtype.kind == "M":
            np.testing.assert_array_equal(filled, times)
        else:
            np.testing.assert_allclose(filled, times, atol=2e-3)


def new_york_trading_days():
    """1998 to 2001 without its feasts, and without the days that followed 11 September."""
    days = np.arange("1998-01-02", "2001-12-31", dtype="datetime64[D]")
    feasts = [f"{y}-{d}" for y in range(1998, 2003) for d in ("01-01", "07-04", "12-25")]
    feasts += ["2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2000-04-21", "1999-11-25"]
    return days[np.is_busday(days, holidays=feasts)].astype("datetime64[us]")


def test_trading_days_with_holidays_go_on_by_weekdays_and_lack_nothing():
    times = new_york_trading_days()
    step = infer_step(times)
    assert str(step) == "1 weekday" and not step.regular
    np.testing.assert_array_equal(positions(times, step), np.arange(len(times)))
    assert labels(extend(times[-1], step, 2)) == ["2001-12-31", "2002-01-01"]


def test_weekdays_that_lack_a_row_within_a_year_have_a_hole():
    times = np.delete(np.busday_offset("2024-01-08", np.arange(200)).astype("datetime64[us]"), 77)
    step = infer_step(times)
    assert step.regular and positions(times, step)[-1] == 199


def test_ends_of_months_before_a_holiday_are_ends_of_months():
    months = np.arange("2018-01", "2019-01", dtype="datetime64[M]")
    ends = np.busday_offset((months + 1).astype("datetime64[D]") - 1, 0, roll="backward")
    ends[2] = np.datetime64("2018-03-29")  # the 30th was Good Friday
    times = ends.astype("datetime64[us]")
    assert str(infer_step(times)) == "1 month"
    assert labels(extend(times[-1], infer_step(times), 2)) == ["2019-01-31", "2019-02-28"]
    holed = np.delete(times, 5)
    filled = without_holes(holed, infer_step(holed))
    np.testing.assert_array_equal(filled, times)


@pytest.mark.parametrize("unit", ["time", "months", "weekdays"])
def test_times_beyond_the_year_9999_are_refused(unit):
    size = {"time": 86_400_000_000, "months": 1, "weekdays": 1}[unit]
    last = np.datetime64("9999-11-30", "us")
    assert len(extend(last, Step(unit, size, day=30), 1)) == 1
    for count in (60, 10**12):
        with pytest.raises(DataError, match="beyond the year 9999"):
            extend(last, Step(unit, size), count)


def test_most_rows_missing_is_irregular_not_a_grid_full_of_holes():
    assert not infer_step(np.array([1.0, 2.0, 3.0, 100.0])).regular


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**4), st.integers(2, 60))
def test_any_even_numbers_are_regular(start, size, n):
    times = start + size * np.arange(n, dtype=float)
    step = infer_step(times)
    assert step.regular and step.size == size
    np.testing.assert_array_equal(extend(times[-1], step, 3), times[-1] + size * np.arange(1, 4))


def test_duplicate_times_name_the_time_and_its_rows():
    with pytest.raises(DataError, match=r"column 'year' has the time 1701 more than once: rows 2, 4\. "):
        check_order(np.array([1700.0, 1701, 1702, 1701]), "year")


def test_unsorted_times_name_the_row_and_the_remedy():
    with pytest.raises(DataError, match=r"row 3 \(2001-01-02\) comes after row 2 \(2001-01-03\).*--sort"):
        check_order(dates("2001-01-01", "2001-01-03", "2001-01-02"), "day")


@pytest.mark.parametrize("times", [np.array([1.0, np.nan]), dates("2001-01-01", "NaT")])
def test_a_row_without_a_time_is_named(times):
    with pytest.raises(DataError, match="row 2 has no time in column 'when'"):
        check_order(times, "when")


def test_labels_are_as_short_as_the_times_allow():
    assert labels(dates("2001-01-01", "2001-01-02")) == ["2001-01-01", "2001-01-02"]
    assert labels(dates("2001-01-01", "2001-01-01T06:00")) == ["2001-01-01T00:00:00", "2001-01-01T06:00:00"]
    assert labels(np.array([1700.0, 1700.5])) == ["1700", "1700.5"]


def test_rounded_twelfths_of_a_year_go_on_as_twelfths_for_centuries():
    times = np.round(1749 + np.arange(2820) / 12, 9)
    assert infer_step(times).size == 1 / 12
    times[-1] += 5e-9  # as a file that was written with other digits at its end
    assert infer_step(times).size == 1 / 12
