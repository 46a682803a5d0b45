"""Families of distributions: which data and names they take, and that their likelihood is their distribution's."""

import copy
import pickle

import numpy as np
import pytest

from elman.data import collect
from elman.errors import DataError, OptionError
from elman.forecast.distributions import Distribution, NegativeBinomial, Normal, ZeroInflated
from elman.forecast.families import FAMILIES, as_family
from elman.forecast.tweedie import Tweedie

SOME = {"location": 1.5, "spread": 0.8, "freedom": 5.0, "mean": 1.5, "dispersion": 0.7, "zeros": -0.4}
COUNTS = [name for name, family in FAMILIES.items() if family.counts]


def parameters(family):
    return np.array([[SOME[name]] for name in family.parameters])


@pytest.mark.parametrize("name", COUNTS)
def test_the_loss_of_counts_is_minus_the_logarithm_of_their_probability(name):
    family, scale, k = FAMILIES[name], 4.0, np.arange(0.0, 40.0)
    found = family.distribution(parameters(family), np.array([scale]))
    share = np.diff(np.concatenate([[0.0], found.cdf(k)]))
    losses = family.loss(k, scale, *parameters(family))
    np.testing.assert_allclose(np.exp(-losses), share, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("name", ["normal", "student_t", "tweedie"])
def test_the_loss_of_amounts_is_minus_the_logarithm_of_their_density(name):
    family = FAMILIES[name]
    found = family.distribution(parameters(family))
    y, step = np.array([0.3, 1.0, 2.5, 6.0]), 1e-5
    density = (found.cdf(y + step) - found.cdf(y - step)) / (2 * step)
    np.testing.assert_allclose(np.exp(-family.loss(y, 1.0, *parameters(family))), density, rtol=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_scale_and_a_shift_are_those_of_the_values(name):
    """What is learnt in units of a series means the same distribution in its own."""
    family = FAMILIES[name]
    plain = family.distribution(parameters(family))
    factor, shift = (3.0, 0.0) if family.demand else (3.0, 10.0)
    moved = family.distribution(parameters(family), np.array([factor]), np.array([shift]))
    np.testing.assert_allclose(moved.mean, factor * plain.mean + shift)
    if not family.counts:  # counts in another unit are no counts
        x = np.array([0.5, 1.0, 4.0])
        np.testing.assert_allclose(moved.cdf(factor * x + shift), plain.cdf(x), atol=1e-12)


@pytest.mark.parametrize("given", ["negative binomial", "negative_binomial", "Negative-Binomial", NegativeBinomial])
def test_a_family_by_its_name_and_by_its_class(given):
    assert as_family(given) is FAMILIES["negative_binomial"]
    assert as_family(Normal).name == "normal" and as_family(Tweedie).name == "tweedie" and as_family(None) is None


@pytest.mark.parametrize("given", ["gamma", 3, Distribution, ZeroInflated, ["normal"]])
def test_what_is_no_family_is_refused(given):
    with pytest.raises(OptionError, match="there is no distribution"):
        as_family(given)


@pytest.mark.parametrize(
    "name, values, told",
    [
        ("poisson", [1, 2.5, 3], "2.5 at row 1.*whole numbers"),
        ("negative_binomial", [1, 2, -1, 3], "-1 at row 2.*below 0"),
        ("tweedie", [1, 2, -0.5, 3], "-0.5 at row 2.*below 0"),
        ("poisson", [1, 2e9, 3], "larger unit"),
    ],
)
def test_data_that_no_such_distribution_makes_is_refused(name, values, told):
    with pytest.raises(DataError, match=told):
        FAMILIES[name].check(collect(values))


@pytest.mark.parametrize("name, values", [("poisson", [0, np.nan, 3]), ("tweedie", [0, 0.5]), ("normal", [-1.5, 2])])
def test_other_data_is_taken(name, values):
    FAMILIES[name].check(collect(values))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_family_is_pickled_by_its_name(family):
    assert pickle.loads(pickle.dumps(family)) is family and copy.deepcopy(family) is family
