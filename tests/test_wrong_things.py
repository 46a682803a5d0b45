"""What is no series, path, cell or table, handed to what works on such: the error says what was expected."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import elman as el

DAILY = pd.Series([1.0, 2.0, 4.0, 3.0], pd.date_range("2024-01-01", periods=4))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: el.forecast.rmse("abc", [1.0]), "actual holds <U3"),
        (lambda: el.forecast.smape([1.0], object()), "forecast holds"),
        (lambda: el.forecast.naive([], 3), r"history has shape \(0,\); expected \(n,\)"),
        (lambda: el.forecast.naive(DAILY, 0), "horizon is 0"),
        (lambda: el.forecast.seasonal_naive(DAILY, 3, 0), "season is 0"),
        (lambda: el.forecast.autocorrelation(DAILY, 4), "lags is 4"),
        (lambda: el.forecast.autocorrelation([[1.0]], 0), "values has shape"),
        (lambda: el.forecast.detect_season("abc"), "values holds <U3"),
        (lambda: el.forecast.hierarchy_of_groups(["a"]), "groups is .*; expected a dict of lists of labels"),
        (lambda: el.data.windows(DAILY, 2.5), "length is 2.5"),
        (lambda: el.data.windows(["a", "b"], 1), "values holds"),
        (lambda: el.data.training_windows(3, DAILY, 2), r"inputs: expected a series of shape \(n,\)"),
        (lambda: el.data.training_windows(DAILY, DAILY, "2"), "lookback is '2'"),
        (lambda: el.data.read_idx(b"x"), "path is b'x'; expected the path"),
        (lambda: el.data.read_columns(3), "path is 3; expected the path"),
        (
            lambda: el.data.collect(DAILY, reading="%d.%m.%Y"),
            "reading is '%d.%m.%Y'; expected an elman.data.reading.Reading",
        ),
        (lambda: el.data.cases_of(np.zeros((2, 3)), reading=-1), "reading is -1; expected"),
        (lambda: el.data.tasks.flip_flop(pulses="a"), "pulses is 'a'; expected a probability above 0"),
        (lambda: el.data.tasks.sine(period="a"), "period is 'a'"),
        (lambda: el.data.tasks.swelling_wave("a"), "t holds"),
        (lambda: el.data.digits(seed=-1), "seed is -1"),
        (lambda: el.compare.Budget(updates=0), "updates is 0; expected a whole number of at least 10"),
        (lambda: el.compare.task_of("sunspots", reading=-1), "reading is -1"),
        (lambda: el.cells.gru(8), r"gru\(p, x, h\); a layer of it is .* el.Recurrent\('gru', units\)"),
        (lambda: el.cells.lstm(units=8), "the cell lstm is called inside the equations of another"),
    ],
)
def test_what_is_expected_is_said(call, said):
    with pytest.raises(el.ElmanError, match=said):
        call()


def test_series_with_times_are_series():
    """The last value of a pandas Series is not that of the label -1."""
    np.testing.assert_array_equal(el.forecast.naive(DAILY, 2), [3.0, 3.0])
    np.testing.assert_array_equal(el.forecast.seasonal_naive(DAILY, 3, 2), [4.0, 3.0, 4.0])
    np.testing.assert_array_equal(el.forecast.autocorrelation(DAILY, 2), el.forecast.autocorrelation([1, 2, 4, 3], 2))
    x, y = el.data.training_windows(DAILY[:-1], list(DAILY[1:]), lookback=2)
    assert x[-1].tolist() == [[2.0], [4.0]] and y[-1].tolist() == [[4.0], [3.0]]
    assert el.forecast.detect_season(list(np.sin(np.arange(60) * np.pi / 6))) == 12


def test_a_cell_may_call_another():
    @el.cell
    def twice(p, x, h):
        return el.cells.simple(p, x, el.cells.simple(p, x, h=h))

    assert el.Network(2, [el.Recurrent(twice, 3)], seed=0)(np.zeros((1, 2, 2))).shape == (1, 2, 3)


def test_an_error_within_a_property_is_told_as_it_is():
    from elman.attributes import answering

    @answering({})
    class Broken:
        @property
        def size(self):
            return self.inner.size

    with pytest.raises(AttributeError, match="Broken has no 'inner'"):
        Broken().size  # noqa: B018
