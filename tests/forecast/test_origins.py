import numpy as np
import pytest

from elman.forecast.origins import ENOUGH, FEWEST, LEAST, MOST, SHARE, rolling_origins


def one(n, season=1, horizon=12):
    return rolling_origins(np.array([n]), np.array([season]), horizon)[0]


def test_they_are_half_a_horizon_apart_behind_a_whole_one():
    assert one(60, 12, 6).tolist() == [6, 9, 12, 15, 18]
    assert one(200, 1, 1).tolist() == list(range(1, MOST + 1))


@pytest.mark.parametrize("n", range(40))
@pytest.mark.parametrize("season", [1, 4, 12])
@pytest.mark.parametrize("horizon", [1, 6, 13])
def test_there_is_always_something_to_learn_from(n, season, horizon):
    found = one(n, season, horizon)
    assert (np.diff(found) > 0).all() and (found > 0).all()
    assert not len(found) or n - found.max() >= LEAST - 1


@pytest.mark.parametrize("n", [50, 100, 1000, 10000])
def test_no_more_than_a_third_is_held_back(n):
    assert one(n, 12, 12).max() <= max(n // SHARE, 12)


def test_short_series_hold_back_a_third_and_shorter_ones_nothing():
    assert one(14, 1, 12).tolist() == [4]
    assert not len(one(4)) and not len(one(0))


def test_long_seasons_are_kept_before_the_earliest():
    assert one(36, 12, 6).max() <= 36 - 2 * (LEAST + 12) or len(one(36, 12, 6)) == 1


@pytest.mark.parametrize("count, most", [(1, MOST), (ENOUGH // MOST, MOST), (ENOUGH, FEWEST), (10000, FEWEST)])
def test_of_many_series_each_has_fewer(count, most):
    found = rolling_origins(np.full(count, 500), np.ones(count, int), 12)
    assert {len(places) for places in found} == {most}


def test_each_series_has_its_own():
    found = rolling_origins(np.array([60, 3, 14]), np.array([12, 1, 1]), 6)
    assert [places.tolist() for places in found] == [[6, 9, 12, 15, 18], [], [6]]
