"""Echo state network: it forgets its beginning, its memory capacity is at most N, only the readout is fitted."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import network

cell = el.cells.echo_state
N, T, DELAYS = 20, 3000, 60


def capacity(net, u):
    """The sum over delays of the squared correlation between a past input and what is read out of it; on new data."""
    past = np.stack([np.roll(u, k) for k in range(1, DELAYS + 1)], axis=-1)[None]
    half = len(u) // 2
    el.fit_readout(net, u[None, :half, None], past[:, :half], ridge=1e-9, warm_up=100)
    read = net(u[None, half:, None])[0, 100:]
    return sum(np.corrcoef(read[:, k], past[0, half + 100 :, k])[0, 1] ** 2 for k in range(DELAYS))


@pytest.mark.parametrize(("activation", "scale", "least"), [("linear", 1.0, 12), ("tanh", 0.1, 8), ("tanh", 3.0, 1)])
def test_memory_capacity_is_at_most_the_number_of_units(activation, scale, least):
    """Jaeger's bound for independent inputs, nearly reached by a linear reservoir of rotations."""
    random = np.random.default_rng(0)
    rotation = el.initialisers.orthogonal(random, (N, N)) * 0.98
    initial = {"U": rotation, "W": random.uniform(-scale, scale, (N, 1))}
    layer = el.Recurrent(cell, N, initial=initial, activation=activation)
    net = el.Network(1, [layer, el.Dense(DELAYS)], dtype=np.float64)
    found = capacity(net, random.uniform(-1, 1, 2 * T))
    assert least < found <= N + 0.3  # chance correlations of 60 delays with 2900 steps


@pytest.mark.parametrize(("radius", "forgets"), [(0.9, True), (5.0, False)])
def test_a_reservoir_below_one_forgets_its_beginning(radius, forgets):
    net = network(cell, 50, initial={"U": el.initialisers.reservoir(radius)})
    x, random = np.zeros((1, 400, 3)), np.random.default_rng(1)
    a, b = (net(x, state=[(random.normal(size=(1, 50)),)])[0, -1] for _ in range(2))
    assert (np.abs(a - b).max() < 1e-6) == forgets


def test_it_predicts_a_chaotic_series_from_one_closed_form_fit():
    """The Mackey-Glass series, in steps of 1, ahead by one: an error of a thousandth of its deviation."""
    s = [1.2] * 18
    for _ in range(2500):
        s.append(s[-1] + 0.2 * s[-18] / (1 + s[-18] ** 10) - 0.1 * s[-1])
    u = np.array(s[500:]) - 0.9
    layer = el.Recurrent(cell, 100, initial={"U": el.initialisers.reservoir(0.9, 0.05)}, bias=True)
    net = el.Network(1, [layer, el.Dense(1)], dtype=np.float64, seed=2)
    el.fit_readout(net, u[None, :1500, None], u[None, 1:1501, None], ridge=1e-8, warm_up=100)
    error = net(u[None, :-1, None])[0, 1500:, 0] - u[1501:]
    assert np.sqrt((error**2).mean()) < 1e-3 * u.std()


def test_training_leaves_the_reservoir_as_it_is():
    net = el.Network(1, [el.Recurrent(cell, N, bias=True), el.Dense(1)])
    assert net.trainable == ("1.W", "1.b")
    U = net.params["0.U"].copy()
    x = np.random.default_rng(0).normal(size=(8, 10, 1))
    net.fit(x, x, epochs=2, optimizer=el.AdamW(0.1, weight_decay=0.5), verbose=0)
    np.testing.assert_array_equal(net.params["0.U"], U)


def test_initial_values():
    net = network(cell, 60, bias=True)
    assert np.isclose(np.abs(np.linalg.eigvals(net.params["0.U"])).max(), 0.9)
    assert (net.params["0.U"] != 0).mean() < 0.2
    for name in ("0.W", "0.b"):
        assert 0.9 < np.abs(net.params[name]).max() <= 1
