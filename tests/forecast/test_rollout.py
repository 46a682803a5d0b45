"""Networks whose answers are known: a rollout of them is a forecast that can be written down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import Scaling
from elman.forecast import seasonal_naive
from elman.forecast.rollout import View, rollout
from elman.network import GRU, Dense, Network


class Answer:
    """A network without memory that answers with a function of its input (B, F)."""

    def __init__(self, function):
        self.function = function

    def __call__(self, x, *, return_state):
        return np.stack([self.step(x[:, t])[0] for t in range(x.shape[1])], axis=1), []

    def step(self, x, state=()):
        return self.function(x), []


LAST, ONE_SEASON_BEFORE = Answer(lambda x: x[:, :1]), Answer(lambda x: x[:, 1:])


@given(st.integers(2, 9), st.integers(1, 30), st.integers(1, 5))
def test_answering_with_the_season_before_is_seasonal_naive(season, horizon, lookback):
    histories = np.random.default_rng(season).normal(size=(3, 40))
    view = View(Scaling.of(histories), differences=False, lag=season)
    forecast = rollout(ONE_SEASON_BEFORE, view, histories, horizon, lookback)
    np.testing.assert_allclose(forecast, [seasonal_naive(h, horizon, season) for h in histories], atol=1e-9)


def test_repeating_the_last_difference_is_a_straight_line():
    histories = np.array([[1.0, 4.0, 9.0], [5.0, 3.0, 1.0]])
    view = View(Scaling(0.5, 2.0), differences=True, lag=0)
    forecast = rollout(LAST, view, histories, 4, lookback=2)
    np.testing.assert_allclose(forecast, [[14, 19, 24, 29], [-1, -3, -5, -7]])


def test_seasonal_differences_repeat_the_rise_of_a_season_before():
    wave = np.array([0.0, 5.0, 1.0, 3.0])
    series = np.concatenate([wave + 10 * k for k in range(6)])
    view = View(Scaling(0.0, 1.0), differences=True, lag=4)
    forecast = rollout(ONE_SEASON_BEFORE, view, series[None, :-6], 6, lookback=3)
    np.testing.assert_allclose(forecast[0], series[-6:])


@pytest.mark.parametrize("view", [View(Scaling(1.0, 2.0), d, lag) for d in (False, True) for lag in (0, 3)])
def test_inputs_are_what_is_known_one_step_before_the_target(view):
    series = np.random.default_rng(0).normal(size=20)
    z = view.scaled(series)
    x = view.inputs(z[:-1])
    assert x.shape == (20 - 1 - view.lost, view.features)
    np.testing.assert_array_equal(x[:, 0], z[-len(x) - 1 : -1])
    if view.lag:
        np.testing.assert_array_equal(x[:, 1], z[np.arange(len(z) - len(x), len(z)) - view.lag])


@pytest.mark.parametrize("differences", [False, True])
def test_values_undo_scaling_and_differences(differences):
    series = np.random.default_rng(0).normal(5, 3, size=(2, 30))
    view = View(Scaling(1.5, 4.0), differences, 0)
    np.testing.assert_allclose(view.values(view.scaled(series)[:, -10:], series[:, -11]), series[:, -10:])


def test_a_rollout_is_one_run_over_history_and_forecast():
    network = Network(1, [GRU(5), Dense(1)], seed=3, dtype=np.float64)
    history = np.random.default_rng(0).normal(size=(2, 12))
    view = View(Scaling(0.0, 1.0), False, 0)
    forecast = rollout(network, view, history, 6, lookback=12)
    together = np.concatenate([history, forecast], axis=1)
    np.testing.assert_allclose(network(together[..., None])[:, 11:-1, 0], forecast, atol=1e-12)


def test_only_the_lookback_is_read():
    network = Network(1, [GRU(5), Dense(1)], seed=3)
    history = np.random.default_rng(0).normal(size=(1, 30))
    other = history.copy()
    other[:, :-10] = 99
    view = View(Scaling(0.0, 1.0), False, 0)
    np.testing.assert_array_equal(rollout(network, view, history, 5, 10), rollout(network, view, other, 5, 10))


def test_a_longer_forecast_begins_with_the_shorter_one():
    network = Network(1, [GRU(5), Dense(1)], seed=3)
    history, view = np.random.default_rng(0).normal(size=(2, 30)), View(Scaling(0.0, 1.0), False, 0)
    np.testing.assert_array_equal(
        rollout(network, view, history, 50, 20)[:, :7], rollout(network, view, history, 7, 20)
    )
