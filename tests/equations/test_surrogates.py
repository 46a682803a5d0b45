"""Gradients that are not the slope on purpose, and ops without one: spikes, what stops a gradient, steps."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.equations.store import from_data, to_data

BUILT = [e for e in ENGINES if e != "native" or native_available()]


def network(function, engine, units=4, features=4):
    cell = el.cell(function)
    layer = el.Recurrent(cell, units) if cell.states else el.Stateless(cell)
    return el.Network(features, [layer], engine=engine, dtype=np.float64, seed=2)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("slope", [1.0, 25.0])
def test_a_spike_is_a_step_whose_gradient_is_that_of_a_fast_sigmoid(engine, slope):
    net = network(lambda p, x: el.spike(x, slope), engine)
    x = np.array([[[-2.0, -0.1, 0.0, 1e-300], [0.3, 5.0, -1e9, 1e9]]])
    along = np.random.default_rng(0).normal(size=x.shape)
    np.testing.assert_array_equal(net(x), (x > 0) * 1.0)
    _, dx, _ = net.backward(x, along)
    np.testing.assert_allclose(dx, along / (1 + slope * np.abs(x)) ** 2, rtol=1e-14)


def leaky_integrator(p, x, v, s):
    """A spiking neuron that leaks, fires above 1 and is reset by what it fired."""
    v = 0.9 * v * (1 - el.stop_gradient(s)) + p.W @ x
    return v, el.spike(v - 1, 10)


@pytest.mark.parametrize("engine", BUILT)
def test_gradients_of_a_spiking_neuron_are_those_by_hand(engine):
    net = network(leaky_integrator, engine, units=3, features=2)
    random = np.random.default_rng(1)
    W = random.normal(size=(3, 2))
    net.params["0.W"] = W
    x, end = random.normal(size=(2, 5, 2)), random.normal(size=(2, 3))
    grads, _, _ = net.backward(x, np.zeros((2, 5, 3)), state_gradients=[(np.zeros((2, 3)), end)])
    v, s, values, spikes = np.zeros((2, 3)), np.zeros((2, 3)), [], []
    for t in range(5):
        v = 0.9 * v * (1 - s) + x[:, t] @ W.T
        spikes.append(s)
        s = (v > 1) * 1.0
        values.append(v)
    assert sum(map(np.sum, spikes)) > 0
    dv, dW = end / (1 + 10 * np.abs(values[-1] - 1)) ** 2, np.zeros((3, 2))
    for t in reversed(range(5)):
        dW += dv.T @ x[:, t]
        dv = 0.9 * dv * (1 - spikes[t])
    np.testing.assert_allclose(grads["0.W"], dW, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("engine", BUILT)
def test_no_gradient_goes_through_what_stops_it(engine):
    net = network(lambda p, x: x * el.stop_gradient(x * x) + el.stop_gradient(x), engine)
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_allclose(net(x), x**3 + x, rtol=1e-14)
    _, dx, _ = net.backward(x, np.ones_like(x))
    np.testing.assert_allclose(dx, x * x, rtol=1e-14)


@pytest.mark.parametrize("engine", BUILT)
def test_a_state_that_no_gradient_goes_through_is_truncation(engine):
    def f(p, x, h):
        return el.tanh(p.W @ x + p.U @ el.stop_gradient(h))

    net = network(f, engine, units=4, features=3)
    whole = el.Network(3, [el.Recurrent(el.cell(lambda p, x, h: el.tanh(p.W @ x + p.U @ h)), 4)], dtype=np.float64)
    for name in ("0.W", "0.U"):
        whole.params[name] = net.params[name]
    x, along = np.random.default_rng(0).normal(size=(2, 2, 5, 3))[0], np.random.default_rng(1).normal(size=(2, 5, 4))
    grads, _, _ = net.backward(x, along)
    states = np.concatenate([np.zeros((2, 1, 4)), net(x)[:, :-1]], 1)
    wanted = [whole.backward(x[:, t : t + 1], along[:, t : t + 1], state=[states[:, t]])[0] for t in range(5)]
    for name in grads:
        np.testing.assert_allclose(grads[name], sum(g[name] for g in wanted), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("engine", BUILT)
def test_floor_is_numpys_and_has_no_gradient(engine, dtype):
    cell = el.cell(lambda p, x: el.floor(x) + np.floor(2 * x))
    net = el.Network(6, [el.Stateless(cell)], engine=engine, dtype=dtype)
    x = np.array([[[-2.5, -0.0, 0.3, 4.0, 2.0**23 + 1, -(2.0**31)], [1e30, -1e-30, 0.999999, -7, 8388607.5, -0.49]]])
    x = x.astype(dtype)
    np.testing.assert_array_equal(net(x), np.floor(x) + np.floor(2 * x))
    assert not net.backward(x, np.ones_like(x))[1].any()


@pytest.mark.parametrize("function", [lambda p, x: el.spike(p.W @ x), lambda p, x: el.stop_gradient(p.W @ x)])
def test_central_differences_are_refused(function):
    with pytest.raises(el.OptionError, match="gradient is not the slope"):
        el.check_gradients(el.cell(function))


@pytest.mark.parametrize("slope", [0, -1.0, float("inf"), float("nan"), "steep"])
def test_slopes_that_are_none(slope):
    with pytest.raises(el.OptionError, match="slope"):
        el.spike(np.zeros(3), slope)


def test_they_are_written_and_stored():
    cell = el.cell(leaky_integrator)
    wanted = ["v_t = 0.9 * v * (1 - stop_gradient(s)) + W x", "s_t = spike(v_t - 1, 10)"]
    assert cell.equations() == from_data(to_data(cell)).equations() == wanted
