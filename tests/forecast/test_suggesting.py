"""A distribution is suggested for series with many zeros, and for no others."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.data.collecting import collect
from elman.forecast.suggesting import distribution_for

RANDOM = np.random.default_rng(0)
RAIN = np.where(RANDOM.random(200) < 0.5, 0, RANDOM.gamma(2.0, 3.0, 200))
SUN = np.tile(np.maximum(0, np.sin(np.arange(24) * 2 * np.pi / 24)), 10) * RANDOM.uniform(0.8, 1, 240)
ONE = np.array([1])


@pytest.mark.parametrize(
    ("values", "season", "name"),
    [
        (RANDOM.negative_binomial(1, 0.5, 200), ONE, "negative binomial"),
        (RANDOM.poisson(0.7, 200), ONE, "poisson"),
        (RAIN, ONE, "tweedie"),
        (np.where(RANDOM.random(200) < 0.2, np.nan, RANDOM.poisson(0.7, 200)), ONE, "poisson"),
        (SUN, ONE, "tweedie"),
        (SUN, np.array([24]), None),
        (RANDOM.poisson(9, 200), ONE, None),
        (RANDOM.normal(size=200).round(), ONE, None),
        (np.zeros(200), ONE, None),
        (np.full(200, np.nan), ONE, None),
    ],
)
def test_what_is_suggested(values, season, name):
    with np.errstate(all="raise"):
        found = distribution_for(collect(values) if np.isfinite(values).any() else _unknown(values), season)
    assert len(found) == (name is not None)
    if name:
        assert f"distribution={name!r} (--distribution {name.replace(' ', '_')} in the shell)" in found[0]
        el.Forecaster(4, distribution=name).check_params()


def _unknown(values):
    collection = collect(np.ones(len(values)))
    collection.values[:] = values
    return collection


def test_a_forecaster_notes_it_unless_it_has_one():
    demand = np.random.default_rng(1).negative_binomial(1, 0.5, (8, 40))
    plain = el.Forecaster(4, methods="theta").fit(demand)
    assert any("% of the values are 0, and the others counts: distribution=" in note for note in plain.notes_)
    told = el.Forecaster(4, distribution="negative binomial", members=1, epochs=1).fit(demand)
    assert not any("distribution=" in note for note in told.notes_)
