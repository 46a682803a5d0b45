from statistics import NormalDist

import numpy as np
import pytest

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast import calibrate_quantiles, intervals_of_quantiles

LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
NORMAL = np.array([NormalDist().inv_cdf(p) for p in LEVELS])
APART = 4 * np.arange(6, 0, -1)


def shares(truth, quantiles):
    return (truth[..., None] <= quantiles).mean((0, 1))


@pytest.mark.parametrize("width", [0.2, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_sets_right_what_is_too_narrow_too_wide_or_beside(width, bias):
    rng = np.random.default_rng(0)
    spread = rng.gamma(4, 1 / 4, size=(800, 7, 4))  # that the model knows
    truth = rng.normal(size=spread.shape) * spread
    said = spread[..., None] * (width * NORMAL + bias)
    found = calibrate_quantiles(truth[:, :6], said[:, :6], LEVELS, np.ones(800), APART)
    np.testing.assert_allclose(shares(truth[:, 6], found.of(said[:, 6])), LEVELS, atol=0.02)


def test_few_errors_leave_a_model_nearly_as_it_was():
    said = np.broadcast_to(NORMAL, (1, 1, 2, 5))
    found = calibrate_quantiles(np.zeros((1, 1, 2)), said, LEVELS, [1.0], [2])
    np.testing.assert_allclose(found.of(said[:, 0])[0, 0], NORMAL, atol=0.5)


def test_what_comes_out_is_in_order_even_where_what_went_in_was_not():
    rng = np.random.default_rng(1)
    said, truth = rng.normal(size=(20, 6, 4, 5)), rng.normal(size=(20, 6, 4))
    truth[3] = np.nan
    made = calibrate_quantiles(truth, said, LEVELS, np.ones(20), APART).of(said[:, 0])
    assert (np.diff(made, axis=-1) >= 0).all() and np.isfinite(made).all()


def test_a_model_that_is_sure_and_wrong_is_widened_by_the_scale():
    rng = np.random.default_rng(2)
    truth, said = rng.normal(size=(200, 6, 4)), np.zeros((200, 6, 4, 5))
    found = calibrate_quantiles(truth, said, LEVELS, np.ones(200), APART)
    np.testing.assert_allclose(found.of(said[:, 0])[0, 0], NORMAL, atol=0.15)
    nothing = calibrate_quantiles(truth, said, LEVELS, np.full(200, np.nan), APART)  # no spread and no scale
    assert not nothing.of(said[:, 0]).any()


def test_odd_input_is_refused():
    truth, said = np.zeros((2, 6, 4)), np.zeros((2, 6, 4, 5))
    with pytest.raises(DataError, match="no known value"):
        calibrate_quantiles(np.full((2, 6, 4), np.nan), said, LEVELS, np.ones(2), APART)
    with pytest.raises(ShapeError, match="2 or more"):
        calibrate_quantiles(truth, said[..., :1], LEVELS[:1], np.ones(2), APART)
    with pytest.raises(ShapeError, match=r"quantiles has shape \(2, 6, 4, 4\)"):
        calibrate_quantiles(truth, said[..., :4], LEVELS, np.ones(2), APART)
    with pytest.raises(ShapeError, match=r"expected \(2, H, 5\)"):
        calibrate_quantiles(truth, said, LEVELS, np.ones(2), APART).of(np.zeros((3, 4, 5)))


def test_intervals_of_quantiles_are_theirs_between_them_nested_and_hold_the_forecast():
    rng = np.random.default_rng(3)
    points, spread = rng.gamma(2, 2, (5, 7)), rng.gamma(2, 2, (5, 7))
    quantiles = points[..., None] + spread[..., None] * NORMAL
    bands = intervals_of_quantiles(quantiles, LEVELS, points, [95, 80, 90, 10])
    np.testing.assert_allclose(bands[95], np.moveaxis(quantiles[..., [0, -1]], -1, 0))
    np.testing.assert_allclose(bands[90][1] - points, spread * NormalDist().inv_cdf(0.95))  # between 0.9 and 0.975
    for inner, outer in ((10, 80), (80, 90), (90, 95)):
        assert (bands[outer][0] <= bands[inner][0]).all() and (bands[inner][1] <= bands[outer][1]).all()
    beside = intervals_of_quantiles(quantiles, LEVELS, points + 9 * spread, [80], lower=0)[80]
    assert (beside[0] >= 0).all() and (beside[1] == points + 9 * spread).all()


def test_intervals_beyond_the_outermost_quantile_are_refused():
    with pytest.raises(OptionError, match="level is 99; the quantiles from 0.025 to 0.975 reach 95 at most"):
        intervals_of_quantiles(np.zeros((1, 2, 5)), LEVELS, np.zeros((1, 2)), [99])
    with pytest.raises(ShapeError, match=r"expected \(1, 2, 5\)"):
        intervals_of_quantiles(np.zeros((1, 2, 4)), LEVELS, np.zeros((1, 2)))
    with pytest.raises(DataError, match="below lower=0"):
        intervals_of_quantiles(np.zeros((1, 2, 5)), LEVELS, -np.ones((1, 2)), lower=0)
