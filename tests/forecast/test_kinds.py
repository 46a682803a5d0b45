"""An attack: series of every kind, length, season and gap give finite, sane forecasts, or an error in Elman's words.

Every warning is an error here.
"""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError, OptionError
from elman.forecast import Forecaster
from tests.draws import draws
from tests.forecast.kinds import KINDS, series

RANGES = 10  # of the history, that a forecast may leave it by within a season or a dozen steps


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def small(**params):
    return Forecaster(**{"members": 1} | params)


def check(forecast, history, horizon):
    low, high = np.nanmin(history), np.nanmax(history)
    assert forecast.shape == (horizon,) and np.isfinite(forecast).all()
    assert low < 0 or forecast.min() >= 0
    if low == high:
        np.testing.assert_array_equal(forecast, low)
    else:
        near, reach = forecast[:12], RANGES * (high - low)
        assert low - reach <= near.min() and near.max() <= high + reach


@draws(20)
@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 200),
    st.integers(0, 99),
    st.sampled_from([1, 3, 12, 60]),
    st.sampled_from([None, None, 1, 2, 7, 12]),
    st.sampled_from([0, 0, 0.1, 0.6]),
)
def test_a_series_of_any_kind(kind, n, seed, horizon, season, missing):
    values = series(kind, n, seed)
    values[np.random.default_rng(seed).random(n) < missing] = np.nan
    forecaster = small(horizon=horizon, season=season)
    try:
        forecaster.fit(values)
    except DataError as error:
        assert np.isnan(values).all() or season is not None and season > n - 2, error
        return
    check(forecaster.predict(), values, horizon)
    try:
        found = forecaster.predict(level=[50, 80, 95], quantiles=[0.1, 0.5, 0.9])
    except OptionError as error:
        assert "no series that ever changes is long enough" in str(error)
        return
    bounds = [found.levels[level][0] for level in (95, 80, 50)]
    bounds += [found.values, *(found.levels[level][1] for level in (50, 80, 95))]
    assert np.isfinite(bounds).all() and (np.diff(bounds, axis=0) >= 0).all()
    assert np.nanmin(values) < 0 or bounds[0].min() >= 0
    assert np.isfinite(list(found.quantiles.values())).all()


@draws(6)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 7, 25]), st.sampled_from(["gru", "simple"]))
def test_many_series_of_all_kinds_together(seed, count, cell):
    random = np.random.default_rng(seed)
    kinds = random.choice(sorted(KINDS), count)
    data = {f"{kind} {k}": series(kind, int(random.integers(1, 90)), k) for k, kind in enumerate(kinds)}
    methods = random.choice(["network", "theta", "linear", "ets", "seasonal naive"], 2, replace=False).tolist()
    forecaster = small(horizon=8, cell=cell, methods=[*methods, "network"], epochs=1).fit(data)
    found = forecaster.predict(20)
    assert found.names == tuple(data)
    for forecast, history in zip(found.values, data.values(), strict=True):
        check(forecast, history, 20)
    assert np.allclose(sum(forecaster.weights_.values()), 1)
    cut = {name: values[: max(len(values) - 3, 1)] for name, values in data.items()}
    assert np.isfinite(forecaster.predict(5, cut).values).all()
    assert np.isfinite(forecaster.update(cut).predict(5).values).all()


@pytest.mark.parametrize("kind", KINDS)
def test_networks_that_begin_with_nothing_learn_any_kind(kind):
    values = series(kind, 60)
    forecaster = small(units=3, epochs=2, methods="network", horizon=6).fit(values)
    check(forecaster.predict(20), values, 20)


@pytest.mark.parametrize("kind", ["noise", "intermittent", "1e300", "both ends of float64", "growth", "season of 52"])
def test_backtests_of_any_kind(kind):
    test = small(horizon=6, methods=["network", "theta"]).backtest([series(kind, n, n) for n in (60, 45)], origins=2)
    assert all(np.isfinite(made).all() for made in test.forecasts.values()) and kind not in repr(test)


def test_a_long_series_and_a_horizon_longer_than_it():
    check(small(horizon=500, methods=["network", "theta"]).fit(series("random walk", 2000)).predict(), [-1e9, 1e9], 500)
    check(small(horizon=500).fit(series("noise", 30)).predict(), series("noise", 30), 500)


def test_outliers_do_not_take_the_forecast_with_them():
    values = series("season of 12", 96)
    values[40] = 1e12
    forecast = small().fit(values).predict()
    assert np.isfinite(forecast).all() and forecast.min() >= 0 and forecast.max() < 1e12


def test_thousands_of_series_of_different_lengths():
    random = np.random.default_rng(0)
    data = [random.normal(size=n).cumsum() for n in random.integers(1, 40, 2000)]
    found = small(horizon=4, methods=["network", "theta"], epochs=0).fit(data).predict(level=80)
    assert found.values.shape == (2000, 4) and np.isfinite(found.values).all()
    for number in (0, 77, 1999):
        check(found.values[number], data[number], 4)


def test_ends_that_are_missing_in_some_series():
    data = np.stack([series("noise", 40, s) for s in range(6)])
    data[0, :20], data[1, -20:], data[2, 1:] = np.nan, np.nan, np.nan
    found = small(horizon=5).fit(data).predict()
    assert found.shape == (6, 5) and np.isfinite(found).all()
    np.testing.assert_array_equal(found[2], data[2, 0])
