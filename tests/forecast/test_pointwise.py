import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast.metrics import smape
from elman.forecast.pointwise import (
    covered,
    crps_of_quantiles,
    crps_of_samples,
    errors,
    interval_scores,
    percentage_errors,
    pinball_losses,
)

LEVELS = np.arange(1, 100) / 100


def test_what_is_missing_stays_missing_and_takes_any_forecast():
    truth, said = np.array([1.0, np.nan, 3.0]), np.array([2.0, np.nan, 1.0])
    np.testing.assert_array_equal(errors(truth, said), [-1, np.nan, 2])
    np.testing.assert_allclose(percentage_errors(truth, said), [200 / 3, np.nan, 100])
    np.testing.assert_array_equal(covered(truth, said - 1, said + 1), [1, np.nan, 0])
    np.testing.assert_array_equal(np.isnan(pinball_losses(truth, said[:, None], [0.5]))[:, 0], [0, 1, 0])
    assert np.isnan(crps_of_samples(truth, said[:, None])).tolist() == [False, True, False]
    np.testing.assert_array_equal(errors(np.ma.masked_equal([1.0, 9.0], 9.0), [0.0, 0.0]), [1, np.nan])


def test_percentage_errors_are_those_of_smape_and_zero_of_zeros():
    rng = np.random.default_rng(1)
    a, f = rng.normal(size=(2, 50))
    a[:3], f[:3] = 0, 0
    assert np.mean(percentage_errors(a, f)) == pytest.approx(smape(a, f))
    assert not percentage_errors(a, f)[:3].any()


def test_pinball_by_hand():
    np.testing.assert_allclose(pinball_losses([10.0], [[8.0, 9.0, 13.0]], [0.1, 0.5, 0.9]), [[0.2, 0.5, 0.3]])


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_crps_of_samples_is_the_mean_over_pairs(count, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=count), rng.normal()
    pairs = np.abs(x[:, None] - x)
    assert crps_of_samples(y, x) == pytest.approx(np.abs(x - y).mean() - pairs.mean() / 2)
    if count > 1:
        unbiased = np.abs(x - y).mean() - pairs.sum() / (count * (count - 1)) / 2
        assert crps_of_samples(y, x, fair=True) == pytest.approx(unbiased)


def test_crps_of_a_normal_distribution_has_its_closed_form():
    from math import erf, exp, pi, sqrt
    from statistics import NormalDist

    rng, y = np.random.default_rng(2), np.array([-1.0, 0.0, 0.3, 2.0])
    cdf = np.array([0.5 * (1 + erf(v / sqrt(2))) for v in y])
    pdf = np.array([exp(-v * v / 2) / sqrt(2 * pi) for v in y])
    truth = y * (2 * cdf - 1) + 2 * pdf - 1 / sqrt(pi)  # Gneiting and Raftery 2007, equation 21
    samples = np.broadcast_to(rng.normal(size=20_000), (4, 20_000))
    np.testing.assert_allclose(crps_of_samples(y, samples), truth, atol=0.01)
    quantiles = np.broadcast_to([NormalDist().inv_cdf(p) for p in LEVELS], (4, 99))
    np.testing.assert_allclose(crps_of_quantiles(y, quantiles, LEVELS), truth, atol=0.005)


def test_fair_crps_does_not_depend_on_how_many_are_drawn():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=40_000)
    few, many = (crps_of_samples(truth, rng.normal(size=(40_000, n)), fair=True).mean() for n in (2, 20))
    assert few == pytest.approx(many, abs=0.02) == pytest.approx(1 / np.sqrt(np.pi), abs=0.02)


def test_one_sample_is_a_point_and_so_is_one_value_of_all_quantiles():
    assert crps_of_samples([3.0], [[5.0]])[0] == 2
    assert crps_of_quantiles([3.0], [np.full(99, 5.0)], LEVELS)[0] == pytest.approx(2 * 0.99)  # 0 assumed at the ends


def test_winkler_by_hand_and_as_two_pinball_losses():
    np.testing.assert_allclose(interval_scores([5.0, 1.0, 9.5], [2.0] * 3, [8.0] * 3, 80), [6, 6 + 10, 6 + 15])
    losses = pinball_losses([1.0], [[2.0, 8.0]], [0.1, 0.9]).sum()
    assert interval_scores([1.0], [2.0], [8.0], 80)[0] == pytest.approx(2 / 0.2 * losses)


def test_the_ends_of_an_interval_belong_to_it():
    np.testing.assert_array_equal(covered([1.0, 2.0, 0.99], [1.0] * 3, [2.0] * 3), [1, 1, 0])


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: errors([1.0], [np.nan]), DataError, r"forecast\[0\] is nan where the truth is known"),
        (lambda: errors([np.inf], [1.0]), DataError, r"actual\[0\] is infinite"),
        (lambda: errors([1.0, 2.0], [1.0]), ShapeError, r"forecast has shape \(1,\); expected \(2,\)"),
        (lambda: covered([1.0], [2.0], [1.0]), DataError, r"low\[0\] is 2.0, above high, 1.0"),
        (lambda: interval_scores([1.0], [0.0], [2.0], 0.9 * 120), OptionError, "level is 108"),
        (lambda: interval_scores([1.0], [0.0], [2.0], 0.9), OptionError, "level is 0.9; expected .* level=90"),
        (lambda: pinball_losses([1.0], [[1.0]], [1.0]), OptionError, "increasing numbers in"),
        (lambda: pinball_losses([1.0], [[1.0, 2.0]], [0.5, 0.1]), OptionError, "increasing numbers in"),
        (lambda: pinball_losses([1.0], [[1.0]], [0.1, 0.5]), ShapeError, r"quantiles has shape \(1, 1\)"),
        (lambda: crps_of_samples([1.0], [[1.0]], fair=True), ShapeError, "N of at least 2"),
        (lambda: crps_of_samples([1.0], [[1.0, np.nan]]), DataError, r"samples\[0, 1\] is nan"),
    ],
)
def test_odd_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
