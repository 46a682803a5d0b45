import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import training_windows, windows
from elman.errors import DataError, OptionError


@given(st.integers(1, 40), st.integers(1, 3), st.integers(1, 12), st.integers(1, 5))
def test_windows_are_the_slices_they_stand_for(n, features, length, stride):
    values = np.arange(float(n * features)).reshape(n, features)
    if n < length:
        with pytest.raises(DataError, match=f"{n} values, a window needs {length}"):
            windows(values, length, stride)
        return
    starts = range((n - length) % stride, n - length + 1, stride)
    np.testing.assert_array_equal(windows(values, length, stride), [values[s : s + length] for s in starts])


def test_windows_share_the_memory_of_the_series():
    values = np.zeros((100, 2), np.float32)
    assert np.shares_memory(windows(values, 30), values)


def test_the_last_window_is_never_left_out():
    assert windows(np.arange(10), 4, stride=4)[-1, -1, 0] == 9


def test_targets_run_step_for_step_with_inputs():
    series = np.arange(20.0)
    x, y = training_windows(series[:-1], series[1:], 5, stride=3)
    np.testing.assert_array_equal(x + 1, y)


def test_inputs_and_target_of_different_lengths_are_refused():
    with pytest.raises(DataError, match="inputs have 5 steps, the target has 4"):
        training_windows(np.zeros(5), np.zeros(4), 2)


@pytest.mark.parametrize("length, stride", [(0, 1), (3, 0), (-1, 1)])
def test_senseless_sizes_are_refused(length, stride):
    with pytest.raises(OptionError, match="at least 1"):
        windows(np.zeros(9), length, stride)


def test_a_series_has_one_or_two_axes():
    with pytest.raises(DataError, match=r"got shape \(2, 2, 2\)"):
        windows(np.zeros((2, 2, 2)), 1)
