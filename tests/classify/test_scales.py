"""Units: whatever channels, targets and weights are counted in, what is learnt and said is the same."""

import numpy as np
import pytest

import elman as el
from elman.errors import DataError
from tests.classify.problems import slopes, small, waves

X, Y = waves(16)
RISES, SLOPES = slopes(16)
POWERS = [-1050, -600, -40, 40, 600, 1000]  # of two, so that no digit is lost


@pytest.mark.parametrize("power", POWERS)
def test_the_unit_of_a_channel_changes_nothing(power):
    rounded = [np.float32(x).astype(float) for x in X]  # digits that a subnormal number holds
    usual = small(el.SequenceClassifier, epochs=2).fit(rounded, Y)
    other = [np.ldexp(x, power) for x in rounded]
    model = small(el.SequenceClassifier, epochs=2).fit(other, Y)
    assert model.notes_ == usual.notes_
    assert np.allclose(model.predict_proba(other), usual.predict_proba(rounded), atol=1e-5 if power > -1050 else 0.02)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_the_unit_of_a_target_is_that_of_what_is_said(power, loss):
    usual = small(el.SequenceRegressor, epochs=2, loss=loss).fit(RISES, SLOPES)
    other = np.ldexp(SLOPES, power)
    model = small(el.SequenceRegressor, epochs=2, loss=loss).fit(RISES, other)
    near = 1e-5 if power > -1050 else 0.02
    assert np.allclose(np.ldexp(model.predict(RISES), -power), usual.predict(RISES), atol=near)
    assert model.score(RISES, other) == pytest.approx(usual.score(RISES, SLOPES), abs=near)
    mine, its = model.report(RISES, other), usual.report(RISES, SLOPES)
    assert mine.r2 == pytest.approx(model.score(RISES, other))
    assert np.ldexp(mine.rmse, -power) == pytest.approx(its.rmse, rel=near)
    assert np.allclose(np.ldexp(mine.mae, -power), its.mae, atol=near)


@pytest.mark.parametrize("power", [-600, -150, 150, 600])
def test_the_unit_of_a_target_is_that_of_what_explains_it(power):
    usual = small(el.SequenceRegressor, epochs=2).fit(RISES, SLOPES).explain(RISES[:3])
    found = small(el.SequenceRegressor, epochs=2).fit(RISES, np.ldexp(SLOPES, power)).explain(RISES[:3])
    assert np.allclose(np.ldexp(found.values, -power), usual.values, atol=1e-5, equal_nan=True)
    assert np.allclose(found.residual, found.difference - np.nansum(found.values, axis=(1, 2)))


def test_targets_that_are_all_the_same_are_learnt():
    model = small(el.SequenceRegressor, epochs=2).fit(RISES[:12], np.full(12, 0.1))
    assert model.target_spread_ == 1 and np.allclose(model.predict(RISES), 0.1, atol=0.5)


@pytest.mark.parametrize("kind", [el.SequenceClassifier, el.SequenceRegressor])
def test_weights_of_a_score(kind):
    y = Y if kind is el.SequenceClassifier else SLOPES
    model = small(kind, epochs=2).fit(X, y)
    twice = np.where(np.arange(16) < 4, 2, 1)
    repeated = model.score([*X, *X[:4]], [*y, *y[:4]])
    assert model.score(X, y, twice) == pytest.approx(repeated)
    for wrong, message in (
        ([1, 2], r"shape \(2,\)"),
        (np.full(16, -1.0), "0 or more"),
        (np.zeros(16), "every case is zero"),
        (np.full(16, np.nan), "sample_weight"),
        ("heavy", "sample_weight"),
    ):
        with pytest.raises(DataError, match=message):
            model.score(X, y, wrong)


def test_logarithms_of_probabilities_that_no_float_holds():
    model = small(el.SequenceClassifier, members=2, epochs=2).fit(X, Y)
    assert np.allclose(model.predict_log_proba(X), np.log(model.predict_proba(X)), atol=1e-12)
    model.temperature_ = 1e-6
    found = model.predict_log_proba(X)
    assert np.isfinite(found).all() and found.min() < -1000
