"""LEM: bounded states, many time scales, gradients that do not explode."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network, product, states_of, step_matrices


@pytest.mark.parametrize("scale", [0.3, 30.0])
def test_states_stay_within_one(scale):
    net = network(el.cells.lem, scale=scale)
    assert np.abs(states_of(net, inputs(200, B=4, scale=10))).max() <= 1


def test_time_scales_are_learnt_unit_by_unit():
    """With biases that make a unit's steps small it remembers as long as 1 / step."""
    net = network(el.cells.lem, scale=0.0)
    step = 1 / np.geomspace(2, 2000, 8)
    net.params["0.b_1"] = net.params["0.b_2"] = np.log(step / (1 - step))
    y = net(np.zeros((1, 100, 3)), state=[(np.ones((1, 8)), np.ones((1, 8)))])[0, -1]
    np.testing.assert_allclose(y, (1 - step) ** 100, rtol=1e-9)


def test_gradients_are_bounded_over_a_fixed_time():
    for dt in (0.05, 0.01, 0.002):
        net = network(el.cells.lem, scale=0.4, dt=dt)
        norm = np.linalg.norm(product(step_matrices(net, inputs(round(1 / dt)))), 2)
        assert 0.1 < norm < 20


def test_initial_values():
    params = el.Network(20, [el.Recurrent(el.cells.lem, 64)], dtype=np.float64).params
    for values in params.values():
        assert 0.9 < np.abs(values).max() * 8 <= 1
