import numpy as np
import pandas as pd
import pytest

from elman.data.collecting import collect
from elman.errors import DataError
from elman.forecast.seasonality import seasons_found

RNG = np.random.default_rng(0)


def wave(season, n):
    return 10 + np.sin(2 * np.pi * np.arange(n) / season) + 0.2 * RNG.normal(size=n)


def found(data, given=None):
    seasons = seasons_found(collect(data), given)
    return seasons.first.tolist(), seasons.longer


def frame(times, values):
    return pd.DataFrame({"ds": times, "y": values})


def test_a_given_season_is_that_of_all():
    assert found([wave(7, 50), wave(5, 20)], 4) == ([4, 4], ())
    with pytest.raises(DataError, match="season is 60 steps"):
        found([wave(7, 50)], 60)


def test_rows_say_by_their_autocorrelation():
    assert found([wave(7, 90), RNG.normal(size=90), wave(12, 144)]) == ([7, 1, 12], ())


@pytest.mark.parametrize("day", [24, 48])
def test_rows_of_a_week_have_a_day(day):
    steps = np.arange(day * 7 * 5)
    load = 20 + 3 * np.sin(2 * np.pi * steps / day) - 4 * (steps // day % 7 >= 5) + 0.3 * RNG.normal(size=len(steps))
    assert found(load) == ([day], (7 * day,))
    assert found([load, load[::-1]]) == ([day, day], (7 * day,))


def test_a_week_that_few_series_show_is_none_of_all():
    steps = np.arange(24 * 7 * 5)
    load = 20 + 3 * np.sin(2 * np.pi * steps / 24) - 4 * (steps // 24 % 7 >= 5)
    assert found([load, wave(12, 144), wave(12, 144)]) == ([24, 12, 12], ())


@pytest.mark.parametrize("start", ["2001-01-01", "1999-07-01"])
def test_months_have_the_year_where_they_show_it(start):
    times = pd.date_range(start, periods=96, freq="MS")
    assert found(frame(times, wave(12, 96))) == ([12], ())
    assert found(frame(times, RNG.normal(size=96))) == ([1], ())


@pytest.mark.parametrize("steps, digits", [(12, 9), (12, 3), (12, 2), (4, 9), (4, 2), (52, 9)])
def test_decimal_years_have_the_steps_of_a_year(steps, digits):
    years = np.round(1959 + np.arange(5 * steps) / steps, digits)
    assert found(frame(years, wave(steps, 5 * steps))) == ([steps], (52,) if steps == 52 else ())


def test_numbers_and_whole_years_have_the_season_of_rows():
    assert found(frame(np.arange(1900, 1990), wave(7, 90))) == ([7], ())
    assert found(frame(np.arange(1900, 1990), RNG.normal(size=90))) == ([1], ())
    assert found(frame(np.arange(90), wave(7, 90))) == ([7], ())
    assert found(frame(np.arange(90) / 10, wave(7, 90))) == ([7], ())


def test_days_have_the_week_and_look_at_the_year():
    times = pd.date_range("2001-01-01", periods=900, freq="D")
    assert found(frame(times, wave(7, 900))) == ([7], (365,))


def test_short_series_have_none():
    assert found([1.0, 2.0]) == ([1], ()) and found(np.full(50, 3.0)) == ([1], ())
