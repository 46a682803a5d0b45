"""Networks that learn distributions: that they find those which series were drawn from, and what they may look at."""

import numpy as np
import pytest

from elman.cells import gru
from elman.errors import OptionError
from elman.forecast.distribution_networks import learn_distribution, networks_of
from elman.forecast.families import FAMILIES
from elman.forecast.networks import Settings
from elman.forecast.rivals import Histories

RNG = np.random.default_rng(0)
NOW = np.array([0])


def learnt(name, values, horizon=4, until=0, units=8, **more):
    settings = Settings(cell=gru, units=units, **({"members": 1, "epochs": 12, "learning_rate": 0.01} | more))
    held = np.full(len(values), until)
    return learn_distribution(settings, FAMILIES[name], Histories.of(values), horizon, held)


def test_counts_have_the_mean_and_the_spread_that_they_were_drawn_with():
    mean, dispersion = 4.0, 0.8
    rate = RNG.gamma(1 / dispersion, dispersion * mean, (60, 80))
    values = RNG.poisson(rate).astype(float)
    found = learnt("negative_binomial", values).distribution(Histories.of(values), 4, NOW)
    assert abs(found.mean.mean() - mean) < 0.4 and abs(np.median(found.dispersion) - dispersion) < 0.25


def test_a_share_of_zeros_is_found():
    values = np.where(RNG.random((60, 80)) < 0.6, 0.0, RNG.poisson(9.0, (60, 80)))
    found = learnt("zero_inflated_poisson", values, epochs=40).distribution(Histories.of(values), 4, NOW)
    assert abs(np.median(found.share) - 0.6) < 0.1 and abs(found.mean.mean() - 3.6) < 0.5


def test_tails_are_found():
    values = RNG.standard_t(3, (60, 80)) + 50
    found = learnt("student_t", values, epochs=40).distribution(Histories.of(values), 4, NOW)
    share = np.mean(values[:, -20:] < found.quantiles([0.95])[:, 0, :1, 0])
    assert 0.9 < share < 0.98 and abs(found.mean.mean() - 50) < 0.3


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_held_back_is_not_looked_at(name):
    """From an origin the same is forecast whatever comes after it."""
    values = RNG.poisson(3.0, (4, 40)).astype(float)
    networks = learnt(name, values, epochs=2, until=6)
    later = values.copy()
    later[:, -6:] = 99
    a, b = (networks.distribution(Histories.of(v), 4, np.array([6])).mean for v in (values, later))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["normal", "tweedie"])
def test_a_unit_of_the_series_changes_no_forecast(name):
    values = RNG.gamma(2.0, 3.0, (6, 50))
    a = learnt(name, values, epochs=3).distribution(Histories.of(values), 4, NOW)
    b = learnt(name, 1000 * values, epochs=3).distribution(Histories.of(1000 * values), 4, NOW)
    np.testing.assert_allclose(b.mean / 1000, a.mean, rtol=1e-3)
    np.testing.assert_allclose(b.quantiles([0.9]) / 1000, a.quantiles([0.9]), rtol=2e-3)


@pytest.mark.parametrize("name", ["poisson", "student_t"])
def test_further_than_it_learnt_it_goes_on(name):
    values = RNG.poisson(5.0, (3, 60)).astype(float)
    networks = learnt(name, values, epochs=3)
    near, far = (networks.distribution(Histories.of(values), h, NOW) for h in (4, 15))
    np.testing.assert_array_equal(far.mean[..., :4], near.mean)
    assert np.isfinite(far.mean).all() and (np.abs(far.mean - 5) < 5).all()


def test_normal_networks_start_from_pretrained_ones():
    values = np.cumsum(RNG.normal(size=(2, 60)), axis=1)
    networks = learn_distribution(Settings(members=1), FAMILIES["normal"], Histories.of(values), 6, np.full(2, 6))
    found = networks.distribution(Histories.of(values), 6, NOW)
    assert networks.epochs == [0] and networks.knowing
    ratio = found.spread[:, 0] / (np.abs(np.diff(values, axis=1)).mean(1)[:, None] * np.sqrt(np.arange(1, 7)))
    assert (ratio > 0.6).all() and (ratio < 2.5).all()  # of a walk's steps 1.25


def test_networks_of_other_outputs_are_refused():
    networks = learnt("normal", RNG.normal(size=(2, 20)), horizon=3, epochs=1)
    assert networks_of(FAMILIES["normal"], networks.members, [1], ()).family.name == "normal"
    with pytest.raises(OptionError, match="6 outputs"):
        networks_of(None, networks.members, [1], ())
