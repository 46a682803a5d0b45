import numpy as np
import pytest

from elman.forecast.rivals.seasonal import filled, indices_where_seasonal, is_seasonal, phase_means, shows_season

STEPS = np.arange(60)


@pytest.mark.parametrize("season", [4, 7, 12])
def test_known_indices_are_found(season):
    pattern = np.random.default_rng(season).uniform(0.5, 1.5, season)
    pattern /= pattern.mean()
    series = (100 + 0 * STEPS) * np.resize(pattern, 60)
    found = phase_means(series[None], season, multiplied=True, from_start=True)[0]
    np.testing.assert_allclose(found, pattern, rtol=1e-12)
    added = phase_means((3.0 * STEPS + np.resize(pattern, 60))[None], season, multiplied=False, from_start=True)[0]
    np.testing.assert_allclose(added, pattern - 1, atol=1e-12)


def test_a_season_is_taken_out_and_put_back():
    series = np.stack([50 + 0.1 * STEPS + 10 * np.sin(STEPS * np.pi / 6), 0.1 * STEPS + 10 * np.sin(STEPS * np.pi / 6)])
    indices = indices_where_seasonal(series, 12)
    assert indices.multiplied.tolist() == [True, False]
    plain = indices.taken_from(series)
    assert np.abs(np.diff(plain[1], 2)).max() < 1e-9  # a line is left
    ahead = np.array([0, 5])
    again = indices.put_into(np.stack([plain[:, -12:], np.roll(plain, 5, 1)[:, -12:]], axis=1), ahead)
    np.testing.assert_allclose(again[:, 0], series[:, -12:])
    np.testing.assert_allclose(again[:, 1], np.roll(series, 5, 1)[:, -12:])


def test_noise_has_a_season_one_time_in_ten():
    noise = np.random.default_rng(0).normal(size=(1000, 3000))
    assert 0.06 < is_seasonal(noise, 12).mean() < 0.14


def test_fewer_than_three_seasons_are_none():
    peaks = (STEPS % 12 == 3).astype(float)[None]
    assert is_seasonal(peaks[:, :36], 12).all() and not is_seasonal(peaks[:, :35], 12).any()


def test_gaps_are_filled_within_their_phase():
    series = np.resize([1.0, 5.0, 9.0], 30)
    gaps = series.copy()
    gaps[[0, 7, 8, 29]] = np.nan
    whole = filled(gaps[None], 3)[0]
    np.testing.assert_array_equal(whole[1:29], series[1:29])
    assert np.isnan(whole[[0, 29]]).all()  # outside of the series


def test_a_season_shows_in_the_changes_of_a_series_with_a_strong_trend():
    steps = np.arange(72)
    indices = np.random.default_rng(4).normal(size=12)
    grows = 100 + 5.0 * steps + 8 * indices[steps % 12]
    assert not is_seasonal(grows[None], 12)[0] and shows_season(grows[None], 12)[0]


def test_changes_seldom_show_a_season_by_chance():
    walks = np.random.default_rng(5).normal(size=(1000, 96)).cumsum(1)
    more = shows_season(walks, 12) & ~is_seasonal(walks, 12)
    assert more.mean() < 0.02
