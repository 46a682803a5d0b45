"""coRNN and UnICORNN: bounded states and gradients; a step that keeps volume and can be undone."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network, product, states_of, step_matrices


@pytest.mark.parametrize("scale", [0.1, 1.0, 100.0])
def test_co_rnn_has_bounded_energy_whatever_the_weights(scale):
    """d(gamma y'y + z'z) / dt <= 2 z'force - 2 epsilon z'z <= H / (2 epsilon), for forces of at most 1."""
    dt, gamma, epsilon, T, H = 0.01, 2.7, 4.7, 500, 8
    net = network(el.cells.co_rnn, H, scale=scale, dt=dt, gamma=gamma, epsilon=epsilon)
    y, z = np.split(states_of(net, inputs(T, scale=10)), 2, axis=-1)
    assert gamma * (y**2).sum() + (z**2).sum() <= H * T * dt / (2 * epsilon) * 1.05


def test_co_rnn_has_bounded_gradients():
    """Over a time T dt = 1 the Jacobian's norm is at most exp of the step's rate, for any length T."""
    for dt in (0.05, 0.01, 0.002):
        net = network(el.cells.co_rnn, scale=0.5, dt=dt, gamma=1.0, epsilon=0.5)
        J = product(step_matrices(net, inputs(round(1 / dt))))
        U_y, U_z = (np.abs(net.params[f"0.{n}"]).sum(1).max() for n in ("U_y", "U_z"))
        rate = max(1.0 + U_y + 0.5 + U_z, 1.0) * (1 + dt)
        norm = np.abs(J).sum(1).max()
        assert 0.3 < norm < np.exp(rate)


@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_unicornn_keeps_volume(scale):
    net = network(el.cells.unicornn, scale=scale)
    determinants = np.linalg.det(step_matrices(net, inputs(30)))
    np.testing.assert_allclose(determinants, 1, rtol=1e-9)


def test_co_rnn_does_not_keep_volume():
    assert np.linalg.det(step_matrices(network(el.cells.co_rnn, scale=0.3), inputs(3))).max() < 0.9


def test_unicornn_can_be_undone():
    """From the last states back to the first, step by step, as the paper's backward pass does."""
    dt, alpha, T = 0.19, 5.0, 50
    net = network(el.cells.unicornn, scale=0.7, dt=dt, alpha=alpha)
    W, u, c, b = (net.params[f"0.{n}"] for n in ("W", "u", "c", "b"))
    x = inputs(T)
    random = np.random.default_rng(5)
    first = random.normal(size=(2, 1, 8))
    y, z = np.split(states_of(net, x, state=[tuple(first)]), 2, axis=-1)
    speed = dt / (1 + np.exp(-c))
    for t in reversed(range(T)):
        y = y - speed * z
        z = z + speed * (np.tanh(u * y + x[:, t] @ W.T + b) + alpha * y)
    np.testing.assert_allclose(np.stack([y, z]), first, atol=1e-10)


def test_initial_values():
    params = el.Network(40, [el.Recurrent(el.cells.unicornn, 300)], dtype=np.float64).params
    assert 0 <= params["0.u"].min() < 0.05 and 0.95 < params["0.u"].max() <= 1
    assert 0.09 < np.abs(params["0.c"]).max() <= 0.1
    bound = np.sqrt(6 / ((1 + 8**2) * 40))  # kaiming_uniform_(a=8)
    assert 0.99 * bound < np.abs(params["0.W"]).max() <= bound
    params = el.Network(40, [el.Recurrent(el.cells.co_rnn, 300)], dtype=np.float64).params
    for name, fan_in in (("W", 40), ("U_y", 300), ("U_z", 300)):
        assert 0.99 < np.abs(params[f"0.{name}"]).max() * np.sqrt(fan_in) <= 1
