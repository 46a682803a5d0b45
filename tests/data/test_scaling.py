import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman.data import Scaling

values = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6))


@given(values)
def test_undo_undoes_apply(series):
    scaling = Scaling.of(series)
    np.testing.assert_allclose(scaling.undo(scaling.apply(series)), series, rtol=1e-9, atol=1e-9 * np.abs(series).max())


@given(values)
def test_scaled_values_have_mean_0_and_deviation_1(series):
    if np.ptp(series) > 1e-6 * np.abs(series).max():
        scaled = Scaling.of(series).apply(series)
        assert abs(scaled.mean()) < 1e-6 and abs(scaled.std() - 1) < 1e-6


@given(st.floats(-1e300, 1e300), st.integers(1, 9), st.floats(-3, 3))
def test_a_constant_maps_to_zeros_and_every_z_back_to_the_constant(constant, n, z):
    scaling = Scaling.of(np.full(n, constant))
    assert not scaling.apply(np.full(n, constant)).any()
    assert scaling.undo(np.array([z])) == constant


def test_squares_of_huge_and_tiny_values_stay_in_range():
    assert np.isclose(Scaling.of(np.array([-1e300, 1e300])).deviation, 1e300)
    assert np.isclose(Scaling.of(np.array([-1e-300, 1e-300])).deviation, 1e-300, atol=0)
