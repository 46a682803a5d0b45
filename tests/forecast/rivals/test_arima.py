"""Autoregressions of differences: against plain loops, closed forms, simulated processes and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.forecast.rivals import Arima, Histories
from elman.forecast.rivals.arima import _Run
from elman.forecast.rivals.arima_fit import (
    CONSTANT,
    MOVING,
    PLAIN,
    SEASONAL,
    WITH_SEASON,
    Order,
    Orders,
    autoregression,
    differences,
    fit_orders,
)
from tests.draws import draws

NOW = np.array([0])


def errors_by_loops(y: np.ndarray, order: Order, season: int, x: np.ndarray) -> np.ndarray:
    """The equation of `Order`, solved for e step by step."""
    polynomial = differences(order.d, order.seasonal, season)
    start, (a, b) = len(polynomial) - 1, autoregression(x)
    z, e = np.zeros(len(y)), np.zeros(len(y))

    def at(values: np.ndarray, t: int) -> float:
        return values[t] if t >= 0 else 0.0

    for t in range(start, len(y)):
        z[t] = sum(polynomial[j] * y[t - j] for j in range(len(polynomial))) - x[CONSTANT]
    for t in range(len(y)):
        e[t] = z[t] - a * at(z, t - 1) - b * at(z, t - 2) - x[MOVING] * at(e, t - 1)
        e[t] -= x[SEASONAL] * (at(e, t - season) + x[MOVING] * at(e, t - season - 1))
    return e


@draws(60)
@given(st.sampled_from(PLAIN + WITH_SEASON), st.integers(2, 7), st.integers(0, 40), st.integers(0, 10**6))
def test_errors_are_those_of_the_equation(order, season, length, seed):
    rng = np.random.default_rng(seed)
    low, high = order.bounds()
    x = np.clip(rng.uniform(-0.9, 0.9, 5), low, high)
    y, orders = rng.normal(size=length).cumsum(), Orders([order], season)
    found = orders.errors(orders.differenced(y[:, None])[0], x[:, None], orders.starts[:1])[:, 0]
    np.testing.assert_allclose(found, errors_by_loops(y, order, season, x), atol=1e-9)


def test_an_autoregression_has_the_coefficients_of_least_squares():
    rng, order = np.random.default_rng(1), Order(2, 0, 0, True)
    y = np.zeros(300)
    for t in range(2, 300):
        y[t] = 3 + 0.9 * y[t - 1] - 0.4 * y[t - 2] + rng.normal()
    fit = fit_orders(y[:, None], np.array([300]), Orders([order], 1))
    regressors = np.stack([y[1:-1], y[:-2], np.ones(298)], axis=1)
    a, b, c = np.linalg.lstsq(regressors, y[2:], rcond=None)[0]
    np.testing.assert_allclose(np.ravel(autoregression(fit.x)), [a, b], atol=1e-4)
    np.testing.assert_allclose(fit.x[CONSTANT, 0] * fit.unit[0], c / (1 - a - b), rtol=1e-3)


@pytest.mark.parametrize("order", dict.fromkeys(PLAIN + WITH_SEASON), ids=str)
def test_parameters_are_the_best_that_a_search_finds(order):
    """No other optimiser finds a sum of squares that is more than a little lower, on a walk with a wave."""
    optimize = pytest.importorskip("scipy.optimize")
    rng, season = np.random.default_rng(2), 4
    y = rng.normal(size=80).cumsum() + 5 * np.sin(np.arange(80) * np.pi / 2) + rng.normal(size=80)
    orders = Orders([order], season)
    fit, (low, high) = fit_orders(y[:, None], np.array([80]), orders), order.bounds()
    free = np.flatnonzero(high > 0)
    w = orders.differenced(y[:, None])[0] / fit.unit

    def squares(values: np.ndarray) -> float:
        x = np.zeros(5)
        x[free] = values
        return float(np.square(orders.errors(w, x[:, None], orders.starts[:1])[fit.judged :]).sum())

    bounds = [(max(low[i], -50), min(high[i], 50)) for i in free]
    starts = rng.uniform(-0.7, 0.7, (3, len(free)))
    lowest = min(optimize.minimize(squares, start, bounds=bounds).fun for start in starts)
    assert squares(fit.x[free, 0]) < lowest * 1.005


def test_a_seasonal_process_is_forecast_as_its_maker_would():
    """Of a simulated process the forecast is near that of the true parameters, and far better than the last season."""
    rng, m, order = np.random.default_rng(3), 12, Order(0, 1, 1, False, True)
    e, y = rng.normal(size=400), np.zeros(400)
    for t in range(m + 1, 400):
        y[t] = y[t - 1] + y[t - m] - y[t - m - 1] + e[t] - 0.4 * e[t - 1] - 0.6 * (e[t - m] - 0.4 * e[t - m - 1])
    x = np.array([0.0, 0.0, 0.0, -0.4, -0.6])
    known = errors_by_loops(y, order, m, x)
    told, full = np.r_[y, np.zeros(12)], np.r_[known, np.zeros(12)]
    for t in range(400, 412):
        moved = full[t] - 0.4 * full[t - 1] - 0.6 * (full[t - m] - 0.4 * full[t - m - 1])
        told[t] = told[t - 1] + told[t - m] - told[t - m - 1] + moved
    made = Arima()(Histories.of([y], m), 12, NOW)[0, 0]
    assert np.abs(made - told[400:]).mean() < 0.25


@pytest.mark.parametrize("order", [PLAIN[1], PLAIN[6], PLAIN[12], WITH_SEASON[4], WITH_SEASON[6]], ids=str)
def test_it_agrees_with_statsmodels(order):
    """The parameters of the greatest likelihood leave no lower squares, and forecast about the same."""
    api = pytest.importorskip("statsmodels.tsa.arima.model")
    rng, season = np.random.default_rng(4), 12 if order.seasonal else 1
    noise = rng.normal(size=240)
    y = np.convolve(noise, 0.7 ** np.arange(30))[:240] if order.d == 0 else noise.cumsum()
    y = y + (3 * np.sin(np.arange(240) * np.pi / 6) if season > 1 else 0)
    orders = Orders([order], season)
    fit = fit_orders(y[:, None], np.array([240]), orders)
    seasonal = (0, 1, 1, season) if order.seasonal else (0, 0, 0, 0)
    model = api.ARIMA(
        y, order=(order.p, order.d, order.q), seasonal_order=seasonal, trend="c" if order.constant else "n"
    )
    theirs = model.fit()
    named = dict(zip(model.param_names, theirs.params, strict=True))
    second = named.get("ar.L2", 0.0)
    x = np.array(
        [0.0, named.get("ar.L1", 0.0) / (1 - second), second, named.get("ma.L1", 0.0), named.get("ma.S.L12", 0.0)]
    )
    x[CONSTANT] = named.get("const", 0.0) / fit.unit[0]
    w = orders.differenced(y[:, None])[0] / fit.unit
    squares = [np.square(orders.errors(w, p, orders.starts[:1])[fit.judged :]).sum() for p in (fit.x, x[:, None])]
    assert squares[0] < squares[1] * 1.001
    run = _Run(orders, fit, y[:, None], np.array([0]), np.array([0]), np.array([240]))
    assert np.abs(run.ahead(8)[0] - theirs.forecast(8)).mean() < 0.15


def test_growth_by_shares_is_forecast_as_growth():
    months = np.arange(96)
    y = np.exp(0.02 * months) * (1 + 0.3 * np.sin(months * 2 * np.pi / 12)) * 100
    made = Arima()(Histories.of([y[:-12]], 12), 12, NOW)[0, 0]
    np.testing.assert_allclose(made, y[-12:], rtol=0.01)


def test_it_forecasts_through_what_is_missing_at_the_end():
    y = np.tile([1.0, 5.0, 2.0, 9.0], 12)
    gone = y.copy()
    gone[-3:] = np.nan
    made = Arima()(Histories.of([gone], 4), 4, NOW)[0, 0]
    np.testing.assert_allclose(made, y[:4], atol=1e-6)


def test_a_long_series_is_judged_by_its_end():
    rng = np.random.default_rng(5)
    y = rng.normal(size=4000).cumsum()
    whole, end = (Arima()(Histories.of([s]), 5, np.array([0, 9])) for s in (y, y[-3009:]))
    np.testing.assert_array_equal(whole, end)


def test_a_growth_of_logarithms_does_not_run_away():
    t = np.arange(40)
    rises, falls = np.exp(0.1 * t), np.exp(-0.1 * t)
    up, down = Arima()(Histories.of([rises, falls]), 500, NOW)[:, 0]
    np.testing.assert_allclose(up[:30], np.exp(0.1 * np.arange(40, 70)), rtol=1e-3)
    assert up.max() <= rises.max() ** 2 * (1 + 1e-9) and down.min() >= falls.min() ** 2 * (1 - 1e-9)
    changed = Arima()(Histories.of([np.append(rises, [-1.0, -2.0])]), 5, np.array([2, 0]))
    assert np.isfinite(changed).all() and changed[0, 1].max() <= rises.max() ** 2
