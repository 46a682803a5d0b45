"""Jacobians against numerical differences of the network's own steps."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue
from elman.insight import jacobians
from elman.insight.system import System
from tests.of_catalogue import SMOOTH


@el.cell
def invented(p, x, h, v):
    """A user's cell of two states."""
    f = el.sigmoid(p.A @ x + p.B @ v)
    v = f * v + el.sin(p.C @ h) * p.d
    return el.tanh(v - 0.5 * h), v


def layers_of(name: str) -> list[el.Layer]:
    if name == "stack":
        return [
            el.Dense(3, activation="tanh"),
            el.LSTM(4),
            el.Dropout(0.5),
            el.GRU(3, return_sequences=False),
            el.Dense(2),
        ]
    return [el.Recurrent(invented if name == "invented" else catalogue()[name], 4)]


def numerical(function, at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """d f_i / d at_j by central differences of fourth order."""
    found = []
    for j in range(at.size):
        values = {}
        for k in (-2, -1, 1, 2):
            moved = at.copy()
            moved.flat[j] += k * step
            values[k] = function(moved)
        found.append((8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * step))
    return np.stack(found, axis=-1)


@pytest.mark.parametrize("name", [*SMOOTH, "invented", "stack"])
def test_every_cells_jacobians_are_its_slopes(name):
    random = np.random.default_rng(1)
    net = el.Network(2, layers_of(name), seed=2, dtype=np.float64)
    net.params.write(random.normal(0, 0.7, net.arena.size))
    x = random.normal(size=(2, 3, 2))
    system = System(net)
    first = random.normal(size=(2, system.n))
    J = jacobians(net, x, state=first, parameters=True)
    s = system.trajectory(x, first)
    for b, t in ((0, 0), (1, 2)):
        by_state = numerical(lambda v, b=b, t=t: system.step(v[None], x[b, t][None])[0], s[b, t])
        by_input = numerical(lambda v, b=b, t=t: system.step(s[b, t][None], v[None])[0], x[b, t])
        by_theta = numerical(lambda v, b=b, t=t: stepped(system, v, s[b, t], x[b, t]), system.net.arena.copy())
        for of, rows in system.parts.items():
            assert np.allclose(J[f"{of}/x"][b, t], by_input[rows], atol=1e-6)
            for by, columns in system.parts.items():
                assert np.allclose(J[f"{of}/{by}"][b, t], by_state[rows, columns], atol=1e-6)
            for parameter, place in net.params.places.items():
                expected = by_theta[rows, place.offset : place.offset + place.size]
                assert np.allclose(J[f"{of}/{parameter}"][b, t].reshape(expected.shape), expected, atol=1e-6)


def stepped(system: System, theta: np.ndarray, s: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A step with other parameters."""
    kept = system.net.arena.copy()
    system.net.params.write(theta)
    try:
        return system.step(s[None], x[None])[0]
    finally:
        system.net.params.write(kept)


def test_the_trajectory_is_that_of_the_network():
    net = el.Network(2, [el.LSTM(3), el.GRU(4)], dtype=np.float64)
    x = np.random.default_rng(0).normal(size=(3, 7, 2))
    y, state = net(x, return_state=True)
    system = System(net)
    s = system.trajectory(x)
    assert np.allclose(s[:, 1:, system.output], y, atol=1e-12)
    assert np.allclose(s[:, -1], np.concatenate([a for layer in state for a in layer], axis=1), atol=1e-12)
    assert system.names == ["0.h", "0.c", "1.h"]


def test_nothing_of_the_network_changes():
    net = el.Network(2, [el.GRU(3), el.Dropout(0.3), el.Dense(1)])
    before, updates = net.arena.copy(), net.updates
    jacobians(net, np.ones((1, 4, 2)), parameters=True)
    assert np.array_equal(net.arena, before)
    assert net.updates == updates


@pytest.mark.parametrize(
    ("layers", "message"), [([el.Dense(2)], "no recurrent layer"), ([el.GRU(2, reverse=True)], "in reverse")]
)
def test_networks_without_a_step(layers, message):
    with pytest.raises(el.OptionError, match=message):
        jacobians(el.Network(1, layers), np.zeros((1, 2, 1)))
