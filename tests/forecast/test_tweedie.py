"""Tweedie's distribution of power 1.5: its moments, its quantiles and its likelihood, beside draws and sums."""

import math

import numpy as np
import pytest

from elman.forecast.tweedie import Tweedie
from elman.training.likelihoods import log_bessel, tweedie_loss

MEANS, DISPERSIONS = np.array([0.05, 0.3, 2.0, 50.0]), np.array([9.0, 3.0, 1.5, 0.2])
FOUND = Tweedie(MEANS, DISPERSIONS)


def test_draws_have_its_mean_its_variance_and_its_zeros():
    drawn = FOUND.sample(200_000, seed=1)
    np.testing.assert_allclose(drawn.mean(1), MEANS, rtol=0.05)
    np.testing.assert_allclose(drawn.var(1), DISPERSIONS * MEANS**1.5, rtol=0.1)
    np.testing.assert_allclose((drawn == 0).mean(1), np.exp(-2 * np.sqrt(MEANS) / DISPERSIONS), atol=0.005)


def test_the_share_of_draws_below_a_value_is_its_cdf():
    drawn = FOUND.sample(100_000, seed=2)
    for x in (0.0, 0.1, 1.0, 3.0, 48.0):
        np.testing.assert_allclose((drawn <= x).mean(1), FOUND.cdf(x), atol=0.007)
    assert (FOUND.cdf(-1e-9) == 0).all() and np.allclose(FOUND.cdf(1e9), 1)


def test_quantiles_are_where_the_cdf_is():
    levels = np.array([0.01, 0.5, 0.9, 0.999])
    found = FOUND.quantiles(levels)
    zero = FOUND.cdf(0.0)[:, None] >= levels
    assert (found[zero] == 0).all() and zero.any() and not zero.all()
    np.testing.assert_allclose(FOUND._wide().cdf(found)[~zero], np.broadcast_to(levels, found.shape)[~zero], rtol=1e-8)


@pytest.mark.parametrize("m, phi", [(0.3, 3.0), (2.0, 1.5), (50.0, 0.2)])
def test_its_density_and_its_zeros_sum_to_one(m, phi):
    y = np.linspace(1e-6, m + 40 * math.sqrt(phi * m**1.5), 200_001)
    whole = np.trapezoid(np.exp(-tweedie_loss(y, m, phi)), y) + math.exp(-tweedie_loss(np.array(0.0), m, phi))
    assert abs(whole - 1) < 1e-4


def test_bessel_by_its_series():
    """I1(x) = sum of (x / 2)^(2 k + 1) / (k! (k + 1)!)."""
    for x in (1e-3, 0.5, 2.0, 3.74, 3.76, 9.0, 30.0):
        terms = [math.exp((2 * k + 1) * math.log(x / 2) - math.lgamma(k + 1) - math.lgamma(k + 2)) for k in range(120)]
        assert abs(float(log_bessel(np.array(x))) - math.log(math.fsum(terms))) < 2e-6
