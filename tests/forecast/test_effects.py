"""Effects of what is known ahead: found again where they were put in, none where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from elman.forecast.effects import effects_of
from elman.forecast.inputs import Inputs
from elman.forecast.rivals.histories import Histories


def made(effect, series=8, n=150, ahead=10, noise=0.05, logged=True, seed=0, missing=0.0):
    """Series with the effect of two covariates, one of which does nothing."""
    random = np.random.default_rng(seed)
    known = np.zeros((series, n + ahead, 2))
    known[..., 0] = random.random((series, n + ahead)) < 0.15
    known[..., 1] = random.normal(size=(series, n + ahead))
    level = np.cumsum(random.normal(0, 0.01, (series, n + ahead)), axis=1) + 3
    season = 0.3 * np.sin(np.arange(n + ahead) * 2 * np.pi / 7)
    z = level + season + np.asarray(effect)[:, None] * known[..., 0] + random.normal(0, noise, (series, n + ahead))
    values = np.exp(z) if logged else 100 * z - 500
    values[:, :n][random.random((series, n)) < missing] = np.nan
    inputs = Inputs(known, np.zeros((series, n, 0)), np.zeros((series, 0)))
    histories = Histories(values[:, :n], np.full(series, n), np.full(series, 7), inputs)
    return histories, values[:, n:], known


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_an_effect_is_found_and_what_does_nothing_has_none(missing):
    histories, _, _ = made(np.full(8, 0.5), missing=missing)
    found = effects_of(histories)
    assert found.logged.all()
    np.testing.assert_allclose(found.weights[:, 0], 0.5, atol=0.05)
    assert np.abs(found.weights[:, 1]).max() < 0.01


def test_effects_of_their_own_are_found_for_each_series():
    effect = np.linspace(0.2, 0.9, 8)
    found = effects_of(made(effect)[0])
    np.testing.assert_allclose(found.weights[:, 0], effect, atol=0.12)


def test_effects_are_added_where_there_are_no_logarithms():
    histories, _, _ = made(np.full(8, 0.5), logged=False)
    found = effects_of(histories)
    assert not found.logged.any()
    np.testing.assert_allclose(found.weights[:, 0], 50, atol=5)


def test_noise_has_no_effect_far_more_often_than_not():
    false = 0
    for seed in range(20):
        histories, _, _ = made(np.zeros(8), seed=seed)
        false += np.count_nonzero(effects_of(histories).weights[0])
    assert false <= 8  # of 40; about one in twenty is expected


def test_what_is_taken_off_is_put_back_at_the_steps_to_come():
    histories, later, known = made(np.full(8, 0.5), noise=0.01)
    found = effects_of(histories)
    plain = found.taken_from(histories)
    unlike = found.taken_from(
        Histories(later, np.full(8, 10), histories.season, Inputs(known[:, 150:], np.zeros((8, 10, 0)), None))
    )
    back = found.put_into(unlike.values[:, None], histories, np.array([0]))
    np.testing.assert_allclose(back[:, 0], later)
    left = np.diff(np.log(plain.values))  # the steps of the season, of the level and of the noise
    steps = np.hypot(0.3 * 2 * np.sin(np.pi / 7) / np.sqrt(2), np.hypot(0.01, 0.01 * np.sqrt(2)))
    assert left.std() == pytest.approx(steps, rel=0.03)


def test_nothing_behind_an_origin_is_looked_at():
    histories, _, _ = made(np.full(8, 0.5))
    changed = histories.values.copy()
    changed[:, -20:] = 1e6
    other = Histories(changed, histories.lengths, histories.season, histories.beside)
    np.testing.assert_array_equal(effects_of(histories, 20).weights, effects_of(other, 20).weights)


def test_series_without_covariates_have_no_effects():
    assert effects_of(Histories.of([[1.0, 2.0, 3.0]])) is None


def test_few_and_constant_values_have_no_effect():
    known = np.ones((2, 9, 1))
    histories = Histories.of([[5.0] * 9, [1.0, 2.0, 3.0]])
    inputs = Inputs(known, np.zeros((2, 9, 0)), np.zeros((2, 0)))
    found = effects_of(Histories(histories.values, histories.lengths, histories.season, inputs))
    assert not found.weights.any()
