"""Phased LSTM: units change in a small part of their cycle and hold exactly between; times may be one's own."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import inputs, network, step_matrices

cell, timed = el.cells.phased_lstm, el.cells.timed_phased_lstm
CYCLE = {"tau": np.full(6, 20.0), "s": np.arange(6.0), "r_on": np.full(6, 0.2)}


def test_units_are_open_for_their_share_of_the_cycle():
    net = network(cell, 6, scale=0.5, leak=0.0)
    for name, value in CYCLE.items():
        net.params[f"0.{name}"] = value
    h = net(inputs(60))[0]
    changed = np.abs(np.diff(h, axis=0, prepend=0)) > 1e-12  # rounding leaves 1e-17 where a gate just closes
    for unit in range(6):
        phase = ((np.arange(60) - unit) % 20) / 20
        np.testing.assert_array_equal(changed[:, unit], (phase > 0) & (phase < 0.2 - 1e-9))


def test_gradients_pass_unchanged_while_units_are_closed():
    net = network(cell, 6, scale=0.5, leak=0.0)
    for name, value in {**CYCLE, "s": np.zeros(6)}.items():
        net.params[f"0.{name}"] = value
    J = step_matrices(net, inputs(20))[:, :12, :12]
    assert (J[5:20] == np.eye(12)).all()
    assert not (J[2] == np.eye(12)).all()


def test_a_leak_lets_a_little_through():
    closed = {**CYCLE, "tau": np.full(6, 1e6), "s": np.full(6, -5e5)}
    net = network(cell, 6, scale=0.5, leak=0.01, initial=closed)
    for name, value in closed.items():
        net.params[f"0.{name}"] = value
    first = [(np.zeros((1, 6)), np.ones((1, 6)), np.zeros((1, 6)))]
    h = net(np.zeros((1, 1, 3)), state=first)[0, 0]
    assert (h != 0).all() and np.abs(h).max() <= 0.01 * 0.5  # alpha phi times at most 1


def of_times(net):
    """The same network with times as a second input."""

    def write(x, time):
        return el.Recurrent(timed, 6)(x, time)

    other = el.Network(write, inputs={"x": 3, "time": 1}, dtype=np.float64)
    layer = next(iter(other.params)).split(".")[0]
    for name in net.params:
        other.params[f"{layer}.{name.split('.')[1]}"] = net.params[name]
    return other


def test_times_that_count_steps_are_the_plain_cell():
    net = network(cell, 6)
    x, time = inputs(30, B=2), np.tile(np.arange(30.0)[None, :, None], (2, 1, 1))
    np.testing.assert_allclose(of_times(net)((x, time)), net(x), atol=1e-12)


def test_steps_while_all_are_closed_do_not_matter():
    """Events that come while no unit is open leave the state as it is: with a leak of 0 exactly."""
    net = network(cell, 6, scale=0.5)
    for name, value in {**CYCLE, "s": np.zeros(6)}.items():
        net.params[f"0.{name}"] = value
    other = of_times(net)
    x = inputs(4)
    few, many = np.array([1.0, 2, 3, 21]), np.array([1.0, 2, 3, 10, 15, 21])
    both = np.insert(x, [3, 3], 7.0, axis=1)
    last = [other((a, t[None, :, None]))[0, -1] for a, t in ((x, few), (both, many))]
    np.testing.assert_allclose(*last, atol=5e-3)  # the leak's
    assert np.abs(last[0]).max() > 0.02


def test_initial_values():
    net = network(cell, 160)
    tau, s = net.params["0.tau"], net.params["0.s"]
    assert np.e <= tau.min() and tau.max() <= np.e**5 and (net.params["0.r_on"] == 0.05).all()
    np.testing.assert_allclose(np.histogram(np.log(tau), 4, (1, 5))[0], 40, atol=20)
    np.testing.assert_allclose(np.histogram(-s / tau % 1, 4, (0, 1))[0], 40, atol=20)
    assert net.frozen == {"0.r_on"}
