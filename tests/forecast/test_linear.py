import numpy as np
import pytest

from elman.forecast.linear import KEPT, SHRINKAGES, Linear, forecast_linear, usable_windows
from elman.forecast.rivals import Histories
from tests.forecast.rivals.ugly import UGLY

RNG = np.random.default_rng(0)
NOW = np.array([0])


def ridge(before, z, horizon, season, window, shrinkage, end):
    """The forecast from `end` of z by weights from `before`, equation by equation."""
    places = np.arange(horizon) % season - season
    starts = range(window, len(before) - horizon + 1)
    x = np.array([np.r_[before[t - window : t - 1] - before[t - 1], 0.0] for t in starts])
    y = np.array([before[t : t + horizon] - before[t + places] for t in starts])
    unit = np.sqrt((x**2).mean())
    x = np.c_[x[:, :-1] / unit, np.ones(len(x))]
    weights = np.linalg.solve(x.T @ x / len(x) + shrinkage * np.eye(window), x.T @ y / unit / len(x))
    now = np.r_[(z[end - window : end - 1] - z[end - 1]) / unit, 1.0]
    return now @ weights * unit + z[end + places]


def by_hand(z, horizon, season, end):
    """The mean of the settings that forecast the newest values before `end` best."""
    windows = usable_windows(end, horizon, season, ())
    step = max(horizon // 2, 1)
    count = int(np.clip((end - horizon) // (4 * step) - 1, 1, 12))
    ends = end - horizon - step * np.arange(count)
    ends = ends[ends >= windows[-1] * 2.5 + horizon + 10] if count > 1 else ends
    ends = ends if len(ends) else np.array([end - horizon])
    errors = {}
    for window in windows:
        for shrinkage in SHRINKAGES:
            made = [ridge(z[: ends.min()], z, horizon, season, window, shrinkage, e) for e in ends]
            errors[window, shrinkage] = np.abs(np.array(made) - [z[e : e + horizon] for e in ends]).mean()
    best = sorted(errors, key=errors.get)[:KEPT]
    return np.mean([ridge(z[:end], z, horizon, season, w, r, end) for w, r in best], axis=0)


@pytest.mark.parametrize("n, horizon, season", [(60, 5, 1), (90, 12, 12), (140, 3, 4), (200, 8, 7), (75, 1, 1)])
def test_it_is_ridge_regression_of_the_settings_that_forecast_best(n, horizon, season):
    z = RNG.normal(size=(3, n)).cumsum(1) + 3 * np.sin(2 * np.pi * np.arange(n) / max(season, 5))
    found = forecast_linear(z, horizon, season, (), np.array([n]))
    for row, one in zip(z, found, strict=True):
        np.testing.assert_allclose(one[0], by_hand(row, horizon, season, n), rtol=1e-8, atol=1e-8)


def test_later_origins_use_the_weights_of_the_earliest():
    z = RNG.normal(size=(1, 120)).cumsum(1)
    found = forecast_linear(z, 4, 1, (), np.array([120, 110]))
    np.testing.assert_allclose(found[0, 1], forecast_linear(z[:, :110], 4, 1, (), np.array([110]))[0, 0], rtol=1e-9)
    changed = z.copy()
    changed[0, 110:] += 5
    assert not np.allclose(forecast_linear(changed, 4, 1, (), np.array([120, 110]))[0, 0], found[0, 0])
    np.testing.assert_allclose(forecast_linear(changed, 4, 1, (), np.array([120, 110]))[0, 1], found[0, 1])


def test_others_beside_it_change_nothing():
    series = [RNG.normal(size=n).cumsum() + 50 for n in RNG.integers(20, 130, 40)]
    seasons = RNG.choice([1, 4, 12], 40)
    together = Linear()(Histories.of(series, seasons), 6, np.array([6, 9]))
    for s, (values, season) in enumerate(zip(series, seasons, strict=True)):
        alone = Linear()(Histories.of([values], season), 6, np.array([6, 9]))
        np.testing.assert_allclose(alone[0], together[s], rtol=1e-9)


def test_many_threads_change_no_digit(monkeypatch):
    series = Histories.of(RNG.normal(size=(300, 80)).cumsum(1), 4)
    many = Linear()(series, 6, NOW)
    monkeypatch.setenv("ELMAN_THREADS", "1")
    np.testing.assert_array_equal(Linear()(series, 6, NOW), many)


def test_a_pure_cycle_goes_on():
    wave = 10 + np.sin(2 * np.pi * np.arange(148) / 13.7)
    found = Linear()(Histories.of([wave[:128]]), 20, NOW)
    assert np.abs(found[0, 0] - wave[128:]).max() < 0.1


@pytest.mark.parametrize("name", UGLY)
@pytest.mark.parametrize("season", [1, 4])
def test_ugly_series_have_forecasts_or_none(name, season):
    found = Linear()(Histories.of([UGLY[name], np.arange(70.0) % 5 + 1], season), 3, np.array([0, 3]))
    assert all(np.isfinite(one).all() or np.isnan(one).all() for one in found[0])
    assert np.isfinite(found[1]).all()


def test_series_that_are_too_short_or_constant_have_none():
    found = Linear()(Histories.of([np.arange(30.0), np.full(90, 2.0), RNG.normal(size=90)]), 12, NOW)
    assert np.isnan(found[:2]).all() and np.isfinite(found[2]).all()


def test_longer_seasons_are_looked_at_where_there_is_enough():
    assert usable_windows(1000, 12, 24, (168,)) == [25, 32, 49, 73, 169, 337]
    assert usable_windows(60, 12, 12, ()) == []
    assert all(60 - 2 * 3 - w > 1.5 * w + 10 for w in usable_windows(60, 3, 1, ()))


def test_the_number_of_threads_of_the_blas_changes_no_bit():
    from threadpoolctl import threadpool_limits

    z = 15 + 8 * np.sin(np.arange(1461) * 2 * np.pi / 365) + np.random.default_rng(0).normal(0, 3, 1461)
    histories, found = Histories.of([z], np.array([168])), []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(Linear()(histories, 14, NOW))
    np.testing.assert_array_equal(*found)
