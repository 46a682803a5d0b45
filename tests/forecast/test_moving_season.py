"""Indices of a season that stays, and of one that moves."""

from __future__ import annotations

import numpy as np
import pytest

from elman.forecast.moving_season import DECAYS, moving_indices
from elman.forecast.rivals.seasonal import phase_means

SHAPE = np.array([3.0, -1.0, -4.0, 2.0])


def test_a_season_that_stays_is_found():
    values = np.tile(SHAPE, 10)[None] + 0.5 * np.arange(40)
    np.testing.assert_allclose(moving_indices(values, 4)[0], SHAPE, atol=1e-9)


def test_a_season_that_grows_is_followed():
    grown = (np.arange(1, 21)[:, None] * SHAPE).reshape(1, -1)
    found = moving_indices(grown, 4)[0]
    mean = phase_means(grown, 4, multiplied=False)[0]
    assert np.abs(found - 20 * SHAPE).max() < 0.2 * np.abs(mean - 20 * SHAPE).max()


def test_noise_around_a_season_is_averaged():
    random = np.random.default_rng(0)
    values = np.tile(SHAPE, 40) + random.normal(0, 2, (50, 160))
    error = np.abs(moving_indices(values, 4) - SHAPE).mean()
    last = np.abs(values[:, -4:] - SHAPE).mean()
    assert error < 0.5 * last


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_gaps_are_left_out(missing):
    random = np.random.default_rng(1)
    values = np.tile(SHAPE, 12)[None] + 10.0
    values[:, random.random(48) < missing] = np.nan
    found = moving_indices(values, 4)
    assert np.isfinite(found).all()
    if not missing:
        np.testing.assert_allclose(found[0], SHAPE, atol=1e-9)


def test_each_series_has_its_own_coefficient():
    stays, grows = np.tile(SHAPE, 12), (1.5 ** np.arange(12)[:, None] * SHAPE).ravel()
    together = moving_indices(np.stack([stays, grows]), 4)
    np.testing.assert_array_equal(together[0], moving_indices(stays[None], 4)[0])
    np.testing.assert_array_equal(together[1], moving_indices(grows[None], 4)[0])
    assert 1.0 in DECAYS
