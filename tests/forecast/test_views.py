"""How series look to a network, and the way back."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.forecast.rivals import Histories
from elman.forecast.views import ABOUT, LEAST_NOISE, has_logarithms, views_of
from tests.forecast.kinds import KINDS, series

T = np.arange(96)


def about(views, what):
    return views.about[:, ABOUT.index(what)]


def there_and_back(histories, views):
    steps = np.arange(-histories.values.shape[1], 0)
    return views.values(views.scaled(histories.values), steps)


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 120), st.integers(0, 99), st.sampled_from([1, 2, 7, 12, 52]))
def test_the_way_there_and_back_is_none(kind, n, seed, season):
    values = series(kind, n, seed)
    histories = Histories.of([values, np.arange(130.0)], season)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        views = views_of(histories)
        back = there_and_back(histories, views)[0, -n:]
    assert np.isfinite(views.about).all() and (views.unit > 0).all()
    size = np.abs(values).max()
    np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-9 * size)


def test_a_season_is_taken_off_and_put_back():
    wave = 50 + 10 * np.sin(2 * np.pi * T / 12)
    views = views_of(Histories.of([wave, wave + 0.01 * T], 12))
    z = views.scaled(np.stack([wave, wave]))
    assert np.ptp(z[0] * views.unit[0]) < 1e-6 and about(views, "seasonal").all() and about(views, "monthly").all()
    ahead = views.values(np.zeros((2, 3, 24)), np.arange(24))
    assert ahead.shape == (2, 3, 24)
    np.testing.assert_allclose(ahead[0, 1], ahead[0, 2])
    shape = ahead[0, 0] - ahead[0, 0].mean()
    np.testing.assert_allclose(shape, 10 * np.sin(2 * np.pi * (96 + np.arange(24)) / 12), atol=0.5)


def test_several_seasons_are_taken_off():
    t = np.arange(24 * 7 * 5)
    values = 100 + 10 * np.sin(2 * np.pi * t / 24) + 20 * (t // 24 % 7 == 6)
    histories = Histories.of([values], 24)
    both, day = views_of(histories, seasons=(168,)), views_of(histories)
    assert len(both.patterns) == 2 and len(day.patterns) == 1
    assert np.ptp(both.scaled(values[None]) * both.unit) < 0.3 * np.ptp(day.scaled(values[None]) * day.unit)


def test_noise_without_season_keeps_none():
    noise = np.random.default_rng(0).normal(size=96)
    views = views_of(Histories.of([noise], 12))
    assert views.patterns == () and not about(views, "seasonal").any()


@pytest.mark.parametrize(
    "values, logged",
    [
        ([1.0, 2.0, 3.0], True),
        ([1.0, np.nan, 3.0], True),
        ([0.0, 2.0, 3.0], False),
        ([-1.0, 2.0, 3.0], False),
        ([1.0, 1000.0, 1000.0], False),  # as good as 0 beside the others
        ([np.nan, np.nan], False),
        ([], False),
        ([1e-300, 2e-300], True),
        ([1e300, 2e300], True),
    ],
)
def test_which_series_have_logarithms(values, logged):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert has_logarithms(np.array([values])).tolist() == [logged]


def test_growth_by_shares_is_a_line():
    growth = 3 * 1.05 ** np.arange(40)
    z = views_of(Histories.of([growth])).scaled(growth[None])
    np.testing.assert_allclose(np.diff(z[0]), 1, rtol=1e-9)


@pytest.mark.parametrize("unit", [2.0**-900, 2.0**-20, 2.0**20, 2.0**900])
def test_what_a_network_sees_knows_no_units(unit):
    values = np.random.default_rng(0).normal(size=(2, 60)).cumsum(1)
    values[1] += 100  # with logarithms
    here, there = views_of(Histories.of(values)), views_of(Histories.of(unit * values))
    np.testing.assert_allclose(there.scaled(unit * values), here.scaled(values), atol=1e-8)
    np.testing.assert_allclose(there.about, here.about, atol=1e-9)


def test_nothing_behind_an_origin_is_looked_at():
    values = np.random.default_rng(0).normal(size=(3, 60)).cumsum(1) + 50
    changed = values.copy()
    for row, until in enumerate((0, 7, 30)):
        changed[row, 60 - until :] = -1e9
    until = np.array([0, 7, 30])
    first = views_of(Histories.of(values, 6), until, (12,))
    other = views_of(Histories.of(changed, 6), until, (12,))
    for name in ("logged", "first", "unit", "about"):
        np.testing.assert_array_equal(getattr(first, name), getattr(other, name))
    for a, b in zip(first.patterns, other.patterns, strict=True):
        np.testing.assert_array_equal(a.indices, b.indices)


def test_an_origin_is_the_end_of_a_shorter_series():
    values = np.random.default_rng(0).normal(size=60).cumsum() + 50
    first, other = views_of(Histories.of([values], 6), 7), views_of(Histories.of([values[:-7]], 6))
    np.testing.assert_allclose(first.about, other.about)
    np.testing.assert_allclose(first.scaled(values[None])[:, :-7], other.scaled(values[None, :-7]))


def test_other_series_are_no_matter():
    values = [series(kind, n, 3) for kind, n in (("season of 12", 70), ("noise", 9), ("growth", 50), ("zeros", 5))]
    season = [12, 1, 4, 1]
    together = views_of(Histories.of(values, season))
    for row, (one, m) in enumerate(zip(values, season, strict=True)):
        alone = views_of(Histories.of([one], m))
        taken = together.take(np.array([row]))
        for views in (alone, taken):
            np.testing.assert_array_equal(views.scaled(one[None]), alone.scaled(one[None]))
            np.testing.assert_array_equal(views.about, alone.about)


def test_some_of_the_series_in_another_order():
    values = np.stack([series("season of 12", 60, s) for s in range(5)])
    views, rows = views_of(Histories.of(values, 12)), np.array([3, 0, 4])
    np.testing.assert_array_equal(views.take(rows).scaled(values[rows]), views.scaled(values)[rows])
    steps = np.array([[0, 1], [5, 6], [-3, 7]])
    made = views.take(rows).values(np.ones((3, 2)), steps)
    for k, row in enumerate(rows):
        np.testing.assert_array_equal(views.take(np.array([row])).values(np.ones((1, 2)), steps[k])[0], made[k])


def test_a_smooth_series_is_told_to_be_no_smoother_than_the_network_knows():
    views = views_of(Histories.of([1e9 + np.arange(50.0), np.full(50, 3.0)]))
    np.testing.assert_allclose(views.noise, LEAST_NOISE)
    assert views.unit[0] == pytest.approx(1e-9, rel=1e-3)  # of logarithms


def test_later_values_that_leave_the_scale_stay_numbers():
    values = np.concatenate([1e-300 * np.arange(1.0, 30), [1e300, -1e300]])[None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        z = views_of(Histories.of(-values), 2).scaled(-values)
    assert np.isfinite(z).all()
