"""One step of many series, each from its own start: found again from times that were made with it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.seasons import seasons_of
from elman.data.steps import DAY, Step, infer_step, positions
from elman.data.times import extend, extend_all, without_holes

FREQUENCIES = {
    "ME": ("1 month", (12,)),
    "MS": ("1 month", (12,)),
    "QE": ("3 months", (4,)),
    "2MS": ("2 months", (6,)),
    "YS": ("1 year", ()),
    "W": ("7 days", (52,)),
    "2W": ("14 days", (26,)),
    "D": ("1 day", (7, 365)),
    "B": ("1 weekday", (5,)),
    "h": ("1 hour", (24, 168)),
    "30min": ("30 minutes", (48, 336)),
    "10min": ("10 minutes", (144, 1008)),
    "7h": ("7 hours", (24,)),
    "s": ("1 second", (86_400, 604_800)),
}


@st.composite
def panels(draw):
    """Series of one frequency, of different starts and lengths, some rows missing."""
    frequency = draw(st.sampled_from(list(FREQUENCIES)))
    starts = draw(st.lists(st.integers(0, 300), min_size=2, max_size=6))
    lengths = draw(st.lists(st.integers(2, 40), min_size=len(starts), max_size=len(starts)))
    lengths[0] = 40
    whole = pd.date_range("2015-03-02", periods=400, freq=frequency).to_numpy().astype("datetime64[us]")
    series = [whole[s : s + n] for s, n in zip(starts, lengths, strict=True)]
    holes = draw(st.lists(st.tuples(st.integers(0, len(starts) - 1), st.integers(1, 38)), max_size=4))
    return frequency, series, holes


@given(panels())
def test_the_step_of_a_panel_and_the_rows_that_it_lacks(panel):
    frequency, series, holes = panel
    kept = [np.delete(times, [h for s, h in holes if s == i and h < len(times) - 1]) for i, times in enumerate(series)]
    borders = np.concatenate([[0], np.cumsum([len(times) for times in kept])])
    times = np.concatenate(kept)
    step = infer_step(times, borders)
    assert step.regular and str(step) == FREQUENCIES[frequency][0]
    np.testing.assert_array_equal(without_holes(times, step, borders), np.concatenate(series))
    last = np.array([one[-1] for one in series])
    ahead = extend_all(last, step, 3)
    for one, row in zip(series, ahead, strict=True):
        np.testing.assert_array_equal(extend(one[-1], step, 3), row)


@given(panels())
def test_a_series_alone_has_the_step_that_it_has_in_a_panel_of_one(panel):
    _, series, _ = panel
    assert infer_step(series[0]) == infer_step(series[0], np.array([0, len(series[0])]))


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_seasons(frequency):
    step = infer_step(pd.date_range("2015-03-02", periods=60, freq=frequency).to_numpy().astype("datetime64[us]"))
    assert seasons_of(step) == FREQUENCIES[frequency][1]


def test_numbers_and_nothing_have_no_season():
    assert seasons_of(Step("number", 1)) == seasons_of(None) == ()


def test_series_that_start_on_different_weekdays_are_weekly():
    days = np.arange(7)[:, None] + 7 * np.arange(5)
    times = (np.datetime64("2024-01-01", "us") + (days * DAY).astype("timedelta64[us]")).ravel()
    assert str(infer_step(times, np.arange(0, 40, 5))) == "7 days"


def test_sales_of_few_days_are_daily():
    rng = np.random.default_rng(0)
    days = [np.sort(rng.choice(100, 12, replace=False)) for _ in range(20)]
    times = np.datetime64("2024-01-01", "us") + (np.concatenate(days) * DAY).astype("timedelta64[us]")
    borders = np.arange(0, 252, 12)
    step = infer_step(times, borders)
    assert step.regular and str(step) == "1 day"
    place = positions(times, step, borders)
    for s, one in enumerate(days):
        np.testing.assert_array_equal(place[borders[s] : borders[s + 1]], one - one[0])


def test_months_that_end_on_different_days_are_months():
    times = np.array(["2023-01-31", "2023-02-28", "2023-02-28", "2023-04-30"], "datetime64[us]")
    step = infer_step(times, np.array([0, 2, 4]))
    assert str(step) == "1 month" and step.day == 31
    np.testing.assert_array_equal(
        without_holes(times, step, np.array([0, 2, 4]))[2:], np.array(["2023-02-28", "2023-03-31", "2023-04-30"], "M8")
    )


def test_trading_days_of_several_stocks_keep_their_holidays():
    days = pd.bdate_range("2020-12-01", "2022-01-31").to_numpy().astype("datetime64[us]")
    open_days = days[~np.isin(days, np.array(["2020-12-25", "2021-01-01"], "datetime64[us]"))]
    times = np.concatenate([open_days, open_days[30:]])
    step = infer_step(times, np.array([0, len(open_days), len(times)]))
    assert step.unit == "weekdays" and not step.regular


def test_years_with_a_fraction_are_months():
    years = np.round(1959 + np.arange(60) / 12, 2)
    times = np.concatenate([years, years[5:30]])
    step = infer_step(times, np.array([0, 60, 85]))
    assert step.regular and step.size == pytest.approx(1 / 12)


def test_one_row_a_series_tells_nothing():
    times = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], "datetime64[us]")
    assert infer_step(times, np.arange(4)) == Step("time", DAY)
