"""Sample paths: as spread as the quantiles, and correlated as a walk."""

from __future__ import annotations

import numpy as np
import pytest

from elman.errors import OptionError
from elman.forecast import Forecaster

SERIES = 50 + np.cumsum(np.random.default_rng(0).normal(size=120))


@pytest.fixture(scope="module")
def fitted():
    return Forecaster(8, members=1).fit(SERIES)


def test_paths_are_as_spread_as_quantiles(fitted):
    found = fitted.predict(samples=4000, quantiles=[0.1, 0.5, 0.9])
    assert found.samples.shape == (1, 4000, 8)
    for q in (0.1, 0.5, 0.9):
        share = (found.samples[0] <= found.quantiles[q][0]).mean(0)
        np.testing.assert_allclose(share, q, atol=0.03)


def test_errors_of_near_steps_are_correlated(fitted):
    paths = fitted.predict(samples=4000).samples[0]
    r = np.corrcoef((paths - paths.mean(0)).T)
    assert r[0, 1] == pytest.approx(np.sqrt(1 / 2), abs=0.08)
    assert r[0, 7] == pytest.approx(np.sqrt(1 / 8), abs=0.08)


def test_one_seed_draws_the_same_paths(fitted):
    np.testing.assert_array_equal(fitted.predict(samples=5).samples, fitted.predict(samples=5).samples)


def test_series_that_are_too_short_have_no_paths():
    with pytest.raises(OptionError, match="intervals"):
        Forecaster(3, members=1).fit([1.0, 2.0]).predict(samples=3)
