import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError
from elman.forecast import naive, seasonal_naive


def test_naive_repeats_the_last_value():
    np.testing.assert_array_equal(naive(np.array([1.0, 7.0]), 3), [7, 7, 7])


@given(st.integers(1, 12), st.integers(1, 60), st.integers(0, 20))
def test_seasonal_naive_continues_a_series_that_repeats_itself(season, horizon, more):
    pattern = np.random.default_rng(season).normal(size=season)
    series = np.resize(pattern, season + more + horizon)
    np.testing.assert_array_equal(seasonal_naive(series[:-horizon], horizon, season), series[-horizon:])


def test_a_history_shorter_than_a_season_is_refused():
    with pytest.raises(DataError, match="history has 3 values, less than one season of 4"):
        seasonal_naive(np.ones(3), 2, 4)
