import numpy as np
import pytest

from elman.forecast.combining import DRAWN, KNOWN, LEAST, POWER, relative_errors, weights_of

RNG = np.random.default_rng(0)


def forecasts(*sizes, series=5, origins=4, horizon=3):
    """Truths, and forecasts by methods that miss them by errors of some sizes."""
    truth = RNG.normal(size=(series, origins, horizon)).cumsum(2) * 10
    signs = RNG.choice([-1.0, 1.0], truth.shape)
    return truth, {str(k): truth + size * signs for k, size in enumerate(sizes)}


def test_errors_are_logarithms_beside_the_mean_of_all():
    truth, made = forecasts(1.0, 2.0, 4.0)
    errors, counts = relative_errors(truth, made)
    logs = np.log(np.array([1, 2, 4]) / (7 / 3) + LEAST)
    np.testing.assert_allclose(errors, np.tile(logs - logs.mean(), (5, 1)), rtol=1e-12)
    assert counts.tolist() == [4] * 5


def test_only_what_is_known_counts():
    truth, made = forecasts(1.0, 2.0)
    truth[0, 1:], truth[1, 0, 0], truth[2] = np.nan, np.nan, np.nan
    made["0"][0, 2] = np.nan  # where nothing is known, no forecast is missed
    errors, counts = relative_errors(truth, made)
    assert counts.tolist() == [1, 4, 0, 4, 4]
    assert np.isfinite(errors).all() and not errors[2].any()


def test_a_method_that_lacks_a_forecast_is_left_out():
    truth, made = forecasts(1.0, 2.0, 3.0)
    made["1"][3, 2, 1] = np.nan
    errors, counts = relative_errors(truth, made)
    weights = weights_of(errors, counts)
    assert np.isnan(errors[3, 1]) and weights[3, 1] == 0 and (weights[[0, 1, 2, 4]] > 0).all()
    np.testing.assert_allclose(weights.sum(1), 1)


def test_units_change_nothing_and_powers_of_two_no_digit():
    truth, made = forecasts(1.0, 1.3, 0.2)
    weights = weights_of(*relative_errors(truth, made))
    doubled = weights_of(*relative_errors(truth * 2.0**40, {k: f * 2.0**40 for k, f in made.items()}))
    thirds = weights_of(*relative_errors(truth / 3e7, {k: f / 3e7 for k, f in made.items()}))
    np.testing.assert_array_equal(doubled, weights)
    np.testing.assert_allclose(thirds, weights, rtol=1e-9)


def test_methods_that_never_err_count_alike():
    truth, made = forecasts(0.0, 0.0)
    np.testing.assert_array_equal(weights_of(*relative_errors(truth, made)), np.full((5, 2), 0.5))


def test_one_that_never_errs_takes_all_after_some_origins():
    truth, made = forecasts(0.0, 1.0, series=1, origins=8)
    assert weights_of(*relative_errors(truth, made))[0, 0] > 0.999


@pytest.mark.parametrize("errors, prior", [([0.3, -0.1, -0.2], None), ([0.1, 0.0, -0.1], [0.2, -0.1, 0.1])])
def test_weights_of_one_series_are_those_of_the_equations(errors, prior):
    n, r0 = 6, np.zeros(3) if prior is None else np.array(prior) - np.mean(prior)
    together = n * (np.array(errors) - r0) / (n + KNOWN)
    drawn = (n * np.array(errors) + DRAWN * (r0 + together)) / (n + DRAWN)
    expected = np.exp(-POWER * drawn)
    found = weights_of(np.array([errors]), np.array([n]), None if prior is None else np.array(prior))
    np.testing.assert_allclose(found[0], expected / expected.sum(), rtol=1e-12)


def test_without_origins_the_prior_says():
    found = weights_of(np.zeros((2, 2)), np.zeros(2, int), np.array([[0.0, 0.1], [0.2, 0.1]]))
    np.testing.assert_allclose(found[:, 0] / found[:, 1], np.exp([POWER * 0.1, -POWER * 0.1]), rtol=1e-12)


def test_many_series_say_more_than_the_prior_and_than_one():
    errors = np.tile([-0.2, 0.2], (200, 1))
    errors[0] *= -1
    found = weights_of(errors, np.full(200, 3), np.array([0.2, -0.2]))
    assert found[1, 0] > 0.99 and found[0, 0] > 0.5
    assert weights_of(errors[:1], np.array([30]))[0, 0] < 0.02


def test_the_more_origins_the_more_a_series_counts():
    errors = np.array([[-0.1, 0.1]])
    shares = [weights_of(errors, np.array([n]))[0, 0] for n in (0, 2, 6, 16)]
    assert shares[0] == 0.5 and (np.diff(shares) > 0).all()


def test_it_helps_to_weigh():
    """Over random methods the weighted mean errs less than the plain mean, and hardly more than the best one."""
    truth = RNG.normal(size=(300, 9, 4))
    sizes = np.exp(RNG.normal(scale=0.7, size=(4, 300, 1, 1)))
    made = {str(k): truth + size * RNG.normal(size=truth.shape) for k, size in enumerate(sizes)}
    weights = weights_of(*relative_errors(truth[:, :8], {k: f[:, :8] for k, f in made.items()}))
    last = np.stack([f[:, 8] for f in made.values()], 1)
    weighed = np.abs((weights[..., None] * last).sum(1) - truth[:, 8]).mean()
    plain = np.abs(last.mean(1) - truth[:, 8]).mean()
    best = np.abs(last - truth[:, 8][:, None]).mean((0, 2)).min()
    assert weighed < 0.9 * plain and weighed < 0.8 * best


def test_a_series_that_no_method_forecasts_has_no_weights():
    assert not weights_of(np.full((1, 2), np.nan), np.array([3])).any()


def test_of_sporadic_demand_a_forecast_of_nothing_is_not_the_best():
    truth = np.zeros((1, 4, 6))
    truth[0, :, 2] = 3.0
    made = {"nothing": np.zeros_like(truth), "the mean": np.full_like(truth, 0.5)}
    absolute, squared = (relative_errors(truth, made, how)[0][0] for how in (False, np.array([True])))
    assert absolute[0] < absolute[1] and squared[0] > squared[1]
