import numpy as np
import pytest

from elman.forecast.special import beta_cdf, gamma_cdf, invert, invert_counts, log_gamma, normal_cdf

special = pytest.importorskip("scipy.special")
RNG = np.random.default_rng(0)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers():
    """Whatever test ran before."""
    RNG.bit_generator.state = START


def powers(low, high, count=3000):
    return np.exp(RNG.uniform(np.log(low), np.log(high), count))


def test_are_scipys():
    a, b, x = powers(1e-3, 1e5), powers(1e-3, 1e5), RNG.uniform(size=3000)
    np.testing.assert_allclose(log_gamma(a), special.gammaln(a), rtol=1e-13, atol=1e-14)
    z = RNG.normal(0, 8, 3000)
    np.testing.assert_allclose(normal_cdf(z), special.ndtr(z), rtol=1e-13)
    y = a * powers(0.3, 3)
    np.testing.assert_allclose(gamma_cdf(y, a), special.gammainc(a, y), rtol=1e-9, atol=1e-12)
    mean = a / (a + b)
    near = np.clip(mean * powers(0.3, 3), 0, 1)
    for at in (x, near):
        np.testing.assert_allclose(beta_cdf(at, a, b), special.betainc(a, b, at), rtol=1e-8, atol=1e-12)


def test_ends():
    np.testing.assert_array_equal(gamma_cdf([-1.0, 0.0, np.inf], 2.0), [0, 0, 1])
    np.testing.assert_array_equal(beta_cdf([-1.0, 0.0, 1.0, 2.0], 2.0, 3.0), [0, 0, 1, 1])


def test_inverses_come_back():
    p = RNG.uniform(0.001, 0.999, 200)
    found = invert(lambda x: gamma_cdf(x, 3.0), lambda x: np.exp(-x) * x**2 / 2, p, np.zeros(200), np.ones(200))
    np.testing.assert_allclose(gamma_cdf(found, 3.0), p, rtol=1e-10)
    counts = invert_counts(lambda k: 1 - gamma_cdf(50.0, k + 1), p)
    assert (1 - gamma_cdf(50.0, counts + 1) >= p).all() and (1 - gamma_cdf(50.0, counts) < p).all()
