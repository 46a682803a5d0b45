import numpy as np
import pytest

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast.distributions import (
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    ZeroInflated,
    distribution_of,
    student_t_quantiles,
)
from elman.training import LOSSES
from tests.training.test_likelihoods import FLOOR, LIKELIHOODS, softplus

stats = pytest.importorskip("scipy.stats")
RNG = np.random.default_rng(0)
SHAPE = (6, 5)
M, A, V = RNG.gamma(1, 8, SHAPE) + 0.01, RNG.gamma(1, 1, SHAPE) + 1e-3, 2 + RNG.gamma(1, 6, SHAPE)
LEVELS = np.array([0.005, 0.025, 0.1, 0.5, 0.9, 0.975, 0.999])
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers():
    """Whatever test ran before."""
    RNG.bit_generator.state = START


PAIRS = {
    "normal": (Normal(-M, A), lambda: stats.norm(-M[..., None], A[..., None])),
    "student t": (StudentT(M, A, V), lambda: stats.t(V[..., None], M[..., None], A[..., None])),
    "poisson": (Poisson(M), lambda: stats.poisson(M[..., None])),
    "negative binomial": (NegativeBinomial(M, A), lambda: stats.nbinom(1 / A[..., None], 1 / (1 + A * M)[..., None])),
}


@pytest.mark.parametrize("name", PAIRS)
def test_distribution_function_and_quantiles_are_scipys(name):
    ours, theirs = PAIRS[name][0], PAIRS[name][1]()
    quantiles = ours.quantiles(LEVELS)
    assert quantiles.shape == (*SHAPE, len(LEVELS))
    np.testing.assert_allclose(quantiles, theirs.ppf(LEVELS), rtol=1e-9, atol=1e-9)
    x = np.floor(quantiles) + 0.5
    np.testing.assert_allclose(np.stack([ours.cdf(v) for v in np.moveaxis(x, -1, 0)], -1), theirs.cdf(x), rtol=1e-8)
    np.testing.assert_allclose(ours.mean, theirs.mean()[..., 0])


@pytest.mark.parametrize("name", PAIRS)
def test_samples_have_the_quantiles(name):
    ours = PAIRS[name][0]
    drawn = ours.sample(20_000, seed=3)
    np.testing.assert_array_equal(drawn, ours.sample(20_000, seed=3))
    assert (drawn != ours.sample(20_000, seed=4)).any()
    for level, q in zip(LEVELS, np.moveaxis(ours.quantiles(LEVELS), -1, 0), strict=True):
        assert ((drawn <= q[..., None]).mean(-1) >= level - 0.015).all()
        assert ((drawn < q[..., None]).mean(-1) <= level + 0.015).all()


def test_zero_inflated_by_hand():
    share = RNG.uniform(0, 0.9, SHAPE)
    ours, base = ZeroInflated(Poisson(M), share), stats.poisson(M)
    np.testing.assert_allclose(ours.cdf(3.0), share + (1 - share) * base.cdf(3))
    np.testing.assert_allclose(ours.mean, (1 - share) * M)
    for level, q in zip(LEVELS, np.moveaxis(ours.quantiles(LEVELS), -1, 0), strict=True):
        assert (ours.cdf(q) >= level).all() and ((ours.cdf(q - 1) < level) | (q == 0)).all()
    drawn = ours.sample(20_000, seed=1)
    np.testing.assert_allclose((drawn == 0).mean(-1), ours.cdf(0.0), atol=0.02)


@pytest.mark.parametrize("name", sorted(set(LIKELIHOODS) - {"tweedie"}))
def test_what_a_network_gives_means_what_its_loss_says(name):
    """The loss of a count is minus the log of the step that the distribution function takes there."""
    parts, target = LIKELIHOODS[name]
    y = np.random.default_rng(4).normal(size=(40, parts * 3))
    found, h = distribution_of(name, y), 1e-4
    real = name in ("normal", "student_t")
    density = (
        (found.cdf(target + h) - found.cdf(target - h)) / (2 * h) if real else found.cdf(target) - found.cdf(target - 1)
    )
    sure = (density > 1e-5).all(-1)  # further out the difference of two probabilities has few digits
    assert sure.sum() > 10
    np.testing.assert_allclose(-np.log(density[sure]).mean(-1), LOSSES[name].values(y, target)[sure], rtol=1e-5)


def test_scales_multiply():
    y, scale = RNG.normal(size=(4, 6)), RNG.gamma(2, size=(4, 1))
    plain, scaled = distribution_of("normal", y), distribution_of("normal", y, scale)
    np.testing.assert_allclose(scaled.quantiles([0.2, 0.7]), plain.quantiles([0.2, 0.7]) * scale[..., None])
    counts = distribution_of("negative_binomial", y, scale)
    np.testing.assert_allclose(counts.mean, scale * (softplus(y[:, :3]) + FLOOR))


def test_far_tails_keep_their_digits():
    p = np.array([1e-12, 1e-6, 0.5, 1 - 1e-6])
    for df in (0.3, 2.0001, 5.0, 1e5):
        np.testing.assert_allclose(student_t_quantiles(df, p), stats.t.ppf(p, df), rtol=1e-8, atol=1e-12)


def test_many_degrees_of_freedom_are_taken_from_a_table():
    freedom = 2 + RNG.gamma(1, 5, 3000)
    found = StudentT(0.0, 1.0, freedom).quantiles([0.001, 0.3, 0.9])
    few = StudentT(0.0, 1.0, freedom[:50]).quantiles([0.001, 0.3, 0.9])
    np.testing.assert_allclose(found[:50], few, rtol=3e-6)


def test_odd_input_is_refused():
    with pytest.raises(DataError, match="spread holds -1; expected numbers above 0"):
        Normal(0.0, -1.0)
    with pytest.raises(ShapeError, match=r"location \(2,\), spread \(3,\)"):
        Normal(np.zeros(2), np.ones(3))
    with pytest.raises(DataError, match="average must be finite"):
        Poisson(np.array([np.nan]))
    with pytest.raises(OptionError, match="'mse', no distribution"):
        distribution_of("mse", np.zeros((2, 2)))
    with pytest.raises(OptionError, match="increasing numbers"):
        Poisson(1.0).quantiles([0.5, 1.5])
    with pytest.raises(OptionError, match="count is 0"):
        Poisson(1.0).sample(0)
