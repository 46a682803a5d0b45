import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.forecast.choices import choose_origins


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
