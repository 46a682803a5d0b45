"""Exponential smoothing by the native engine, beside the recurrence in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.engine import smoothing
from elman.errors import ElmanError
from elman.forecast.rivals import FORMS, theta
from elman.forecast.rivals.ets_fit import MOVING, STEADY, Errors
from elman.forecast.rivals.least_squares import products_of
from elman.forecast.rivals.lines import lines_through
from elman.forecast.rivals.several_seasons import _Problem
from tests.draws import draws

pytestmark = pytest.mark.skipif(not smoothing.available(), reason="the native engine is not used")


def series_of(random, steps, count, lowest):
    """Values by step, (T, S), with a season of 4, gaps and different ends."""
    wave = np.sin(np.arange(steps) * np.pi / 2)[:, None] * random.random(count)
    y = random.normal(0, 0.2, (steps, count)).cumsum(0) * 0.3 + wave
    y += lowest - y.min(0)
    y[random.random(y.shape) < 0.05 * (random.random(count) < 0.5)] = np.nan
    ends = random.integers(steps // 2 + 4, steps + 1, count)
    return np.where(np.arange(steps)[:, None] < ends, y, np.nan)


def candidates_around(x, low, high):
    """Each parameter moved a little, and how far, (P, 1 + P, R) and (P, R); not at all where it is fixed."""
    sizes = np.where(low == high, 0.0, 1e-3 * np.maximum(np.abs(x), 0.1))
    sizes = np.where(x + sizes > high, -sizes, sizes)
    moved = np.repeat(x[:, None], len(x) + 1, axis=1)
    moved[np.arange(len(x)), np.arange(len(x)) + 1] += sizes
    return moved, sizes


def assert_alike(made, expected, rtol):
    """Products beside the sizes of what is multiplied."""
    usable = np.isfinite(expected).all((1, 2))
    np.testing.assert_array_equal(np.isfinite(made).all((1, 2)), usable)
    size = np.sqrt(np.einsum("rii->ri", expected[usable]))
    assert (np.abs(made - expected)[usable] <= rtol * size[:, :, None] * size[:, None] + 1e-300).all()


def problems_of(errors):
    low, high = errors.bounds()
    count = low.shape[1]
    with np.errstate(all="ignore"):
        x = errors.starts([STEADY, MOVING], low, high)
    return *candidates_around(x, low, high), np.arange(count)


@given(st.integers(0, 2**32 - 1), st.sampled_from("NAM"), st.sampled_from([2, 4, 12, 13]), st.booleans())
@draws(30)
def test_errors_are_those_of_the_recurrence(seed, kind, season, positive):
    random = np.random.default_rng(seed)
    y = series_of(random, int(random.integers(26, 90)), int(random.integers(1, 7)), 1.0 if positive else -1.0)
    errors = Errors(y, season, [form for form in FORMS if form.season == kind for _ in (0, 1)])
    x, sizes, numbers = problems_of(errors)
    with np.errstate(all="ignore"):
        expected, squares = products_of(errors, x, numbers, sizes), (errors(x, numbers) ** 2).sum(0)
    assert_alike(errors.products(x, numbers, sizes), expected, 1e-9)
    np.testing.assert_allclose(errors.squares(x, numbers), squares, rtol=1e-10)


@given(st.integers(0, 2**32 - 1), st.sampled_from([(4,), (3, 12), (2, 4, 12), ()]))
@draws(20)
def test_errors_of_several_seasons(seed, seasons):
    random = np.random.default_rng(seed)
    y = series_of(random, int(random.integers(26, 90)), int(random.integers(1, 7)), -1.0)
    problem, count = _Problem(y, seasons), y.shape[1]
    x = random.uniform(0.01, 0.9, (3 + len(seasons), count))
    moved, sizes = candidates_around(x, 0 * x, 1 + 0 * x)
    numbers = np.arange(count)
    assert_alike(problem.products(moved, numbers, sizes), products_of(problem, moved, numbers, sizes), 1e-9)


@pytest.mark.parametrize("kind", "NAM")
def test_a_problem_has_the_same_bits_alone_and_behind_its_end(kind):
    y = series_of(np.random.default_rng(3), 50, 5, 1.0)
    errors = Errors(y, 4, [form for form in FORMS if form.season == kind])
    x, sizes, numbers = problems_of(errors)
    whole, squares = errors.products(x, numbers, sizes), errors.squares(x, numbers)
    for r in numbers:
        one = np.array([r])
        np.testing.assert_array_equal(errors.products(x[:, :, one], one, sizes[:, one])[0], whole[r])
        np.testing.assert_array_equal(errors.squares(x[:, :, one], one)[:, 0], squares[:, r])
    errors.y = np.concatenate([y, np.full((37, 5), np.nan)])
    np.testing.assert_array_equal(errors.products(x, numbers, sizes), whole)


def test_forecasts_far_apart_have_a_mean():
    """The geometric mean of numbers whose product no float64 holds."""
    y = np.exp(np.linspace(-300, 300, 400))[:, None]
    errors = Errors(y, 1, [form for form in FORMS if form.name == "MNN"])
    x = np.array([0.9999, 0, 0, 0, y[0, 0], 0])[:, None, None]
    with np.errstate(all="ignore"):
        expected = (errors(x, np.array([0])) ** 2).sum(0)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(errors.squares(x, np.array([0])), expected, rtol=1e-9)


def test_what_does_not_fit_is_refused():
    good = {name: np.ones((2, 3)) for name in ("alpha", "beta", "phi", "level", "trend")}
    arrays = {"y": np.ones((5, 2)), "which": np.array([0, 1, 1]), "gamma": np.ones((1, 2, 3)), "relative": np.zeros(3)}
    given = good | arrays | {"indices": [np.ones((4, 2, 3))]}
    assert smoothing.Smoothing(**given).squares().shape == (2, 3)
    wrong = {
        "which": np.array([0, 1, 2]),
        "gamma": np.ones((2, 2, 3)),
        "relative": np.zeros(2),
        "beta": np.ones((2, 2)),
    }
    for name, value in wrong.items():
        with pytest.raises((ElmanError, ValueError), match="smooth"):
            smoothing.Smoothing(**(given | {name: value})).squares()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 7, 9, 24, 31]), st.sampled_from([0, 2]))
@draws(30)
def test_the_theta_method_is_that_of_the_recurrence(seed, candidates, skipped):
    random = np.random.default_rng(seed)
    values = series_of(random, int(random.integers(20, 70)), int(random.integers(1, 7)), -1.0).T[
        :, ::-1
    ]  # right-aligned
    lines, alpha = lines_through(values), random.uniform(0.05, 1, (candidates, len(values)))
    level, share = random.normal(size=(2, len(values)))
    made = theta._moments(values, lines, alpha, skipped), theta._levels(values, lines, alpha[0], level, share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smoothing, "available", lambda: False)
        expected = theta._moments(values, lines, alpha, skipped), theta._levels(values, lines, alpha[0], level, share)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    alone = theta._moments(values[:1], lines[:, :1], alpha[:, :1], skipped)
    np.testing.assert_array_equal(alone[..., 0], made[0][..., 0])


def test_theta_of_arrays_that_do_not_fit_is_refused():
    values, lines = np.ones((2, 5)), np.ones((2, 2, 5))
    for alpha in (np.ones((3, 1)), np.ones(2)):
        with pytest.raises((ElmanError, ValueError), match="theta"):
            smoothing.theta_moments(values, lines, alpha, 0)
