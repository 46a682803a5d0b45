import numpy as np
import pytest
from elman.forecast.validation import validation_histories
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError
from elman.forecast.choices import check_length, choose_lag, choose_lookback, choose_origins, choose_validation


@given(st.integers(2, 3000), st.integers(1, 300), st.integers(0, 2000), st.none() | st.integers(1, 40))
def test_origins_leave_room_for_the_horizon_and_for_training(n, horizon, earliest, count):
    origins = choose_origins(n, horizon, earliest, count)
    assert (np.diff(origins) > 0).all() and (origins >= earliest).all()
    if len(origins):
        assert origins[-1] + horizon == n
        assert count is None or len(origins) <= count


def test_origins_cover_three_horizons_or_a_fifth_of_the_series():
    np.testing.assert_array_equal(choose_origins(309, 22, 0), [243, 254, 265, 276, 287])
    assert choose_origins(500, 1, 0)[0] == 400


def test_there_are_at_most_a_hundred_origins():
    origins = choose_origins(10**6, 3, 0)
    assert 50 < len(origins) <= 100 and 790_000 < origins[0] < 820_000


def test_a_series_shorter_than_the_horizon_has_no_origins():
    assert len(choose_origins(10, 10, 1)) == 0


@given(st.integers(3, 5000), st.integers(1, 500), st.none() | st.integers(2, 400))
def test_a_series_that_can_be_forecast_at_all_is_long_enough_for_the_chosen_lookback(n, horizon, season):
    if n >= horizon + 6:
        check_length(n, choose_lookback(n, horizon, season, 0), horizon, 0)


def test_lookback_is_four_seasons_or_one_long_one():
    assert choose_lookback(300, 12, 11, 0) == 44
    assert choose_lookback(2000, 52, 52, 52) == 52
    assert choose_lookback(300, 12, None, 0) == 32


def test_long_seasons_become_an_input_if_the_series_is_long_enough():
    assert choose_lag(2000, 52, 60) == 52
    assert choose_lag(100, 52, 60) == 0 and choose_lag(2000, 12, 60) == 0 and choose_lag(2000, None, 60) == 0


def test_too_few_values_are_refused_with_the_numbers():
    with pytest.raises(DataError, match="has 65 values; a lookback of 44 and a horizon of 22 need at least 66"):
        check_length(65, 44, 22, 0)
    check_length(66, 44, 22, 0)


@given(st.integers(1, 500), st.integers(1, 100), st.integers(1, 200))
def test_validation_never_takes_what_training_needs(n, horizon, reserved):
    held = choose_validation(n, horizon, reserved)
    assert 0 <= held <= n // 4 and (held == 0 or n - held >= reserved)


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 20))
def test_validation_forecasts_the_held_back_stretch_and_nothing_before(validation, horizon, reach):
    horizon = min(horizon, validation)
    values = np.arange(200.0)
    histories, actual = validation_histories(values, validation, horizon, reach)
    assert histories.shape[1] == reach and actual.shape[1] == horizon and len(actual) <= 24
    assert actual.min() == 200 - validation and actual.max() == 199
    np.testing.assert_array_equal(actual[:, 0], histories[:, -1] + 1)
