import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import WindowSampler, load_series
from elman.errors import DataError, OptionError


def study_0():
    return WindowSampler(np.sin, start=0, stop=10, points=250)


def test_windows_of_a_function_are_its_values_at_their_times():
    x, y, t = study_0().next_batch(40, 30, return_times=True)
    np.testing.assert_allclose(x[..., 0], np.sin(t[:, :30]), atol=1e-7)
    np.testing.assert_allclose(y[..., 0], np.sin(t[:, 1:]), atol=1e-7)
    np.testing.assert_allclose(np.diff(t, axis=1), 10 / 250)


def test_windows_of_a_function_begin_anywhere_and_stay_inside():
    t = study_0().next_batch(2000, 30, return_times=True)[2]
    assert t.min() >= 0 and t.max() <= 10
    begins = np.sort(t[:, 0]) / (10 - 30 * 0.04)  # uniform: no quantile is far from where it belongs
    np.testing.assert_allclose(begins, np.linspace(0, 1, 2000), atol=0.05)
    assert len(np.unique(begins)) == 2000  # not on a grid of 250 points


@given(st.integers(2, 60), st.integers(1, 3), st.integers(1, 20), st.integers(0, 6), st.integers(1, 9), st.booleans())
def test_windows_of_an_array_are_its_slices(n, features, steps, horizon, batch, last):
    values = np.arange(float(n * features)).reshape(n, features)
    sampler = WindowSampler(values, dtype=np.float64)
    if n < steps + horizon:
        with pytest.raises(DataError, match=f"has {n} values"):
            sampler.next_batch(batch, steps, horizon)
        return
    for x, y, t in (
        sampler.next_batch(batch, steps, horizon, many_to_one=last, return_times=True),
        sampler.windows(steps, horizon, many_to_one=last, return_times=True),
        sampler.window_at(n - steps - horizon, steps, horizon, many_to_one=last, return_times=True),
    ):
        rows = t[:, :1] + np.arange(steps)
        np.testing.assert_array_equal(x, values[rows])
        np.testing.assert_array_equal(y, values[rows[:, -1] + horizon] if last else values[rows + horizon])
        assert t.shape == (len(x), steps + horizon)


def test_every_window_of_an_array_is_drawn_and_as_often():
    t = WindowSampler(np.arange(12.0)).next_batch(10_000, 2, return_times=True)[2]
    counts = np.bincount(t[:, 0])
    assert len(counts) == 10 and abs(counts - 1000).max() < 150


def test_windows_come_one_after_the_other_and_share_the_memory_of_the_series():
    series = np.arange(20, dtype=np.float32)
    x, y = WindowSampler(series).windows(4, stride=4)
    assert x[:, 0, 0].tolist() == [3, 7, 11, 15] and y[-1, -1, 0] == 19
    assert np.shares_memory(x, series) and np.shares_memory(y, series)


def test_one_seed_draws_one_sequence_of_batches():
    first, second, other = (WindowSampler(np.arange(1000.0), seed=s) for s in (3, 3, 4))
    a, b = first.next_batch(8, 5)[0], first.next_batch(8, 5)[0]
    assert not np.array_equal(a, b)
    np.testing.assert_array_equal(a, second.next_batch(8, 5)[0])
    np.testing.assert_array_equal(b, second.next_batch(8, 5)[0])
    assert not np.array_equal(a, other.next_batch(8, 5)[0])


def test_a_function_of_several_features():
    sampler = WindowSampler(lambda t: np.stack([np.sin(t), np.cos(t)], axis=-1), start=0, stop=6, points=60, target=1)
    x, y, t = sampler.window_at(5.5, 10, horizon=3, return_times=True)  # runs beyond its stop
    np.testing.assert_allclose(x[0], np.stack([np.sin(t[0, :10]), np.cos(t[0, :10])], axis=-1), atol=1e-6)
    np.testing.assert_allclose(y[0, :, 0], np.cos(t[0, 3:]), atol=1e-6)


def frame():
    days = pd.date_range("2024-01-30", periods=50, freq="D", tz="UTC")
    return pd.DataFrame({"load": np.arange(50) * 2.0, "price": np.arange(50) * -1, "heat": np.arange(50)}, index=days)


def test_a_data_frame_gives_its_columns_and_its_times():
    sampler = WindowSampler(frame(), inputs=["price", "load"], target="load")
    x, y, t = sampler.window_at("2024-02-05", 3, horizon=2, return_times=True)
    np.testing.assert_array_equal(x[0], [[-6, 12], [-7, 14], [-8, 16]])
    np.testing.assert_array_equal(y[0], [[16], [18], [20]])
    assert t[0, 0] == np.datetime64("2024-02-05") and t[0, -1] == np.datetime64("2024-02-09")


@pytest.mark.parametrize(
    "index, expected",
    [(pd.period_range("2001-01", periods=50, freq="M"), np.datetime64("2001-02-01")), (list("ab" * 25), 1)],
    ids=["periods", "names, which are no times"],
)
def test_the_index_of_a_data_frame(index, expected):
    assert WindowSampler(frame().set_axis(index)["heat"]).times[1] == expected


def test_a_series_of_elman_knows_its_years():
    x, y, t = WindowSampler(load_series("sunspots")).window_at(1750, 3, return_times=True)
    assert t.tolist() == [[1750, 1751, 1752, 1753]]
    np.testing.assert_allclose(x[0, :, 0], [83.4, 47.7, 47.8], rtol=1e-6)
    np.testing.assert_allclose(y[0, :, 0], [47.7, 47.8, 30.7], rtol=1e-6)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: WindowSampler(np.sin), OptionError, "needs start, stop and points"),
        (lambda: WindowSampler(np.sin, start=3, stop=3, points=9), OptionError, "start must lie before stop"),
        (lambda: WindowSampler(np.zeros(9), points=3), OptionError, "are for a function of time"),
        (lambda: WindowSampler(np.sin, start=0, stop=3, points=9, times=[1]), OptionError, "times are for a series"),
        (lambda: WindowSampler(frame(), target="loda"), OptionError, "did you mean 'load'"),
        (lambda: WindowSampler(np.zeros(9), inputs=[]), OptionError, "inputs="),
        (lambda: WindowSampler(np.zeros(9), times=np.zeros(8)), DataError, r"times have shape \(8,\)"),
        (lambda: WindowSampler(np.zeros((2, 2, 2))), DataError, r"got shape \(2, 2, 2\)"),
        (lambda: WindowSampler(np.array(["a"])), DataError, "expected numbers"),
        (lambda: WindowSampler([1.0, np.nan]), DataError, "is nan in row 1"),
        (lambda: WindowSampler(lambda t: 1 / t, start=0, stop=1, points=9), DataError, "not finite at time 0"),
        (lambda: WindowSampler(lambda t: t[:2], start=0, stop=1, points=9), DataError, r"shape \(2,\)"),
        (lambda: WindowSampler(np.zeros(9)).windows(0), OptionError, "steps is 0; expected a whole number"),
        (
            lambda: WindowSampler(np.zeros(9)).next_batch(1, 2, -1),
            OptionError,
            "horizon is -1; expected a whole number",
        ),
        (lambda: WindowSampler(np.zeros(9)).window_at(7, 3), DataError, "begin at 5 or earlier"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_makes_no_sense_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_function_of_one_number_is_told_to_take_arrays():
    import math

    with pytest.raises(DataError, match="np.vectorize"):
        WindowSampler(math.sin, start=0, stop=1, points=9)
