"""Cases: what is taken of them, and how those of a test are made like those of a training."""

import numpy as np
import pandas as pd
import pytest

from elman.data.casing import cases_of
from elman.errors import DataError

FOUND = cases_of([[[1.0, 2], [3, 4]], [[5.0, 6], [7, 8], [9, np.nan]]], ["a", "b"])


def test_take():
    taken = FOUND.take([0])
    assert taken.values.shape == (1, 2, 2) and taken.labels.tolist() == ["a"] and taken.names == (0,)
    both = FOUND.take(np.array([False, True]))
    assert both.missing == 1 and both.labels.tolist() == ["b"]


def test_channels_of_others():
    found = FOUND.with_channels(["channel 1"])
    np.testing.assert_array_equal(found.values[0, :2, 0], [2, 4])
    with pytest.raises(DataError, match="no channel 'z'"):
        FOUND.with_channels(["z"])


def stamped(*minutes):
    return pd.DataFrame({"id": 1, "x": 1.0, "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(minutes, "min")})


def test_times_in_a_unit():
    uneven = cases_of(stamped(0, 60, 240))
    assert uneven.unit == "h"
    np.testing.assert_array_equal(uneven.elapsed("h"), [[0, 1, 4]])
    np.testing.assert_array_equal(uneven.elapsed("min"), [[0, 60, 240]])
    even = cases_of(stamped(0, 10, 20))
    assert even.times is None and even.step == 10 and even.unit == "min"
    np.testing.assert_allclose(even.elapsed("h"), [[0, 1 / 6, 1 / 3]])


def test_times_that_cannot_be_compared():
    with pytest.raises(DataError, match="no times"):
        FOUND.elapsed("h")
    with pytest.raises(DataError, match="in bare numbers; expected 'h'"):
        cases_of(stamped(0, 1, 5).assign(time=[0, 1, 5])).elapsed("h")
