import numpy as np
import pytest

from elman.forecast.anchor import Anchor, choose_anchor
from elman.forecast.baselines import naive, seasonal_naive

R = np.random.default_rng(0)
HISTORIES = R.normal(size=(4, 9))


@pytest.mark.parametrize("season", [1, 3, 9])
@pytest.mark.parametrize("horizon", [1, 3, 20])
def test_its_naive_forecasts_are_those_of_the_backtest(season, horizon):
    expected = [naive(h, horizon) if season == 1 else seasonal_naive(h, horizon, season) for h in HISTORIES]
    np.testing.assert_array_equal(Anchor(season).naive(HISTORIES, horizon), expected)


def test_a_network_that_is_right_is_left_alone():
    actual = R.normal(size=(4, 5))
    anchor = choose_anchor(actual, actual, HISTORIES, None)
    assert anchor == Anchor(1, 1.0)
    np.testing.assert_allclose(anchor.blend(actual, HISTORIES), actual, atol=1e-15)


def test_where_nothing_moves_the_last_value_stays():
    last = np.repeat(HISTORIES[:, -1:], 5, axis=1)
    anchor = choose_anchor(last + R.normal(size=(4, 5)), last, HISTORIES, None)
    assert anchor.weight == 0
    np.testing.assert_array_equal(anchor.blend(last + 7, HISTORIES), last)


def test_of_two_naive_forecasts_the_one_that_errs_less_is_taken():
    season = np.tile([0.0, 4.0, 1.0], 3) + np.zeros((4, 1))
    actual = np.tile([0.0, 4.0, 1.0, 0.0], (4, 1))
    assert choose_anchor(actual + 1, actual, season, 3).season == 3
    assert choose_anchor(actual + 1, actual, season, None).season == 1
    assert choose_anchor(actual + 1, actual, season[:, :2], 3).season == 1  # too little is known for a season


@pytest.mark.parametrize("unit", [1e-300, 1e-12, 1.0, 1e12, 1e299])
def test_the_weight_is_that_of_least_squares_in_any_unit(unit):
    said, happened = R.normal(size=(4, 5)), R.normal(size=(4, 5))
    happened = happened + said
    zero = np.zeros((4, 3))
    expected = np.clip(np.linalg.lstsq(said.reshape(-1, 1), happened.ravel(), rcond=None)[0][0], 0, 1)
    assert choose_anchor(unit * said, unit * happened, zero, None).weight == pytest.approx(expected)


def test_forecasts_that_are_not_finite_have_no_weight():
    assert choose_anchor(np.full((4, 5), np.inf), np.ones((4, 5)), HISTORIES, None).weight == 0
