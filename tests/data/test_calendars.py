"""What the calendar says of times, against pandas and the library of holidays."""

import sys

import numpy as np
import pandas as pd
import pytest

from elman.data import calendar, log_gaps
from elman.data.steps import infer_step
from elman.errors import DataError, OptionError


def of(frequency, periods=400):
    times = pd.date_range("2023-01-02", periods=periods, freq=frequency)
    return times, times.to_numpy().astype("datetime64[us]")


@pytest.mark.parametrize(
    "frequency, cycles",
    [("h", "day week year"), ("D", "week year"), ("W", "year"), ("MS", "year"), ("YS", ""), ("4h", "day week year")],
)
def test_cycles_go_with_the_step(frequency, cycles):
    index, times = of(frequency)
    names, values = calendar(times, infer_step(times))
    assert names == tuple(f"{cycle} {wave}" for cycle in cycles.split() for wave in ("sin", "cos"))
    found = dict(zip(names, values.T, strict=True))
    turns = {"day": index.hour / 24, "week": (index.weekday + index.hour / 24) / 7, "year": (index.month - 1) / 12}
    for cycle in cycles.split():
        if cycle == "year" and frequency != "MS":
            span = np.where(index.is_leap_year, 366, 365)
            turns["year"] = (index.dayofyear - 1 + index.hour / 24) / span
        np.testing.assert_allclose(found[f"{cycle} sin"], np.sin(2 * np.pi * np.asarray(turns[cycle])), atol=1e-12)
        np.testing.assert_allclose(found[f"{cycle} cos"], np.cos(2 * np.pi * np.asarray(turns[cycle])), atol=1e-12)


def test_holidays_of_a_country():
    holidays = pytest.importorskip("holidays")
    index, times = of("D", 800)
    for code, known in (("DE-BY", holidays.Germany(subdiv="BY", years=[2023, 2024, 2025])), ("US", holidays.US())):
        values = calendar(times, infer_step(times), code)[1][:, -1]
        np.testing.assert_array_equal(values, [float(day in known) for day in index.date])


def test_holidays_that_are_given():
    _, times = of("h", 72)
    values = calendar(times, infer_step(times), [pd.Timestamp("2023-01-03")])[1][:, -1]
    np.testing.assert_array_equal(values, np.repeat([0, 1, 0], 24))


def test_holidays_that_there_are_not(monkeypatch):
    _, times = of("D", 20)
    step = infer_step(times)
    pytest.importorskip("holidays")
    with pytest.raises(OptionError, match="no holidays of 'XX'"):
        calendar(times, step, "XX")
    with pytest.raises(OptionError, match="no holidays of 'DE-XX'; parts of DE are BB"):
        calendar(times, step, "DE-XX")
    with pytest.raises(OptionError, match="expected a country as 'DE', or dates"):
        calendar(times, step, ["soon"])
    with pytest.raises(DataError, match="the times are numbers"):
        calendar(np.arange(3.0), infer_step(np.arange(3.0)), "DE")
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(OptionError, match=r"pip install elman\[holidays\]"):
        calendar(times, step, "DE")


def test_numbers_have_no_calendar():
    names, values = calendar(np.arange(3.0), infer_step(np.arange(3.0)))
    assert names == () and values.shape == (3, 0)


def test_gaps_between_times():
    times = np.array(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-01", "2024-01-03"], "datetime64[us]")
    np.testing.assert_allclose(log_gaps(times, np.array([0, 3, 5])), [0, np.log(0.5), 0, 0, 0])
    np.testing.assert_array_equal(log_gaps(times[:1], np.array([0, 1])), [0])
