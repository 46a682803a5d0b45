"""CTRNN: the differential equation's solution, as the step goes to 0; a leak of its time constant."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import network, states_of

TAU = 100.0


def test_alone_it_leaks_with_its_time_constant():
    net = network(el.cells.ctrnn, scale=0.0, dt=1.0, tau=TAU)
    v = states_of(net, np.zeros((1, 300, 3)), state=[(np.ones((1, 8)),)])
    np.testing.assert_allclose(v, (1 - 1 / TAU) ** 300, rtol=1e-10)


def test_the_error_falls_with_the_step_as_that_of_eulers_method():
    """Against the classical Runge-Kutta method of a much smaller error, over one time constant."""
    net = network(el.cells.ctrnn, scale=1.5, activation="tanh")
    U, W, b = (net.params[f"0.{n}"] for n in "UWb")
    first, u = np.random.default_rng(1).normal(size=8), np.array([0.5, -1.0, 0.3])

    def slope(v):
        return (-v + U @ np.tanh(v) + W @ u + b) / TAU

    exact, h = first, TAU / 400
    for _ in range(400):
        k1 = slope(exact)
        k2 = slope(exact + h / 2 * k1)
        k3 = slope(exact + h / 2 * k2)
        exact = exact + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(exact + h * k3))
    errors = []
    for steps in (50, 100, 200):
        layer = network(el.cells.ctrnn, scale=1.5, activation="tanh", dt=TAU / steps)
        found = states_of(layer, np.tile(u, (1, steps, 1)), state=[(first[None],)])
        errors.append(np.abs(found[0] - exact).max())
    assert errors[0] < 0.2
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2, rtol=0.15)


def test_it_returns_rates():
    net = network(el.cells.ctrnn, scale=0.7, activation="relu")
    y, final = net(np.ones((2, 6, 3)), return_state=True)
    np.testing.assert_allclose(y[:, -1], np.maximum(final[0][-1], 0))
