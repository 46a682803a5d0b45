"""The readout in closed form."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError


def made(*layers, dtype=np.float64, features=2, **more):
    return el.Network(features, list(layers) or [el.GRU(6), el.Dense(3)], dtype=dtype, **more)


def data(B=4, T=9, O=3):
    random = np.random.default_rng(0)
    return random.normal(size=(B, T, 2)), random.normal(size=(B, T, O))


@pytest.mark.parametrize("ridge", [0.0, 0.1, 10.0])
def test_it_is_the_minimum_of_the_penalised_error(ridge):
    net, (x, y) = made(), data()
    error = el.fit_readout(net, x, y, ridge=ridge)
    assert np.isclose(error, np.square(net(x) - y).mean())
    _, gradients = net.loss_and_grads(x, y, loss="mse")
    slope = gradients["1.W"] * y.size + 2 * ridge * net.params["1.W"]
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    np.testing.assert_allclose(gradients["1.b"], 0, atol=1e-10)


def test_other_layers_stay_as_they_are():
    net, (x, y) = made(), data()
    before = {name: net.params[name].copy() for name in net.params}
    el.fit_readout(net, x, y)
    changed = [name for name in net.params if not np.array_equal(before[name], net.params[name])]
    assert changed == ["1.W", "1.b"]


def test_steps_behind_a_rows_end_and_in_the_warm_up_do_not_count():
    net, other, (x, y) = made(), made(), data()
    lengths = np.array([9, 3, 5, 2])
    el.fit_readout(net, x, y, lengths=lengths, warm_up=2)
    y[0, :2] = y[1, :2] = y[1, 3:] = y[2, 5:] = y[3] = 99
    el.fit_readout(other, x, y, lengths=lengths, warm_up=2)
    np.testing.assert_array_equal(net.params["1.W"], other.params["1.W"])


def test_the_last_step_only_no_bias_and_an_initial_state():
    net = made(el.GRU(6, return_sequences=False), el.Dense(3, bias=False))
    x, y = data(B=20)
    state = [(np.random.default_rng(2).normal(size=(20, 6)),)]
    error = el.fit_readout(net, x, y[:, -1], ridge=0, state=state)
    assert np.isclose(error, np.square(net(x, state=state) - y[:, -1]).mean())
    h = el.fit_readout(made(el.GRU(6, return_sequences=False), el.Dense(3)), x, y[:, -1], ridge=0, state=state)
    assert h < error  # a bias more


def test_a_network_of_a_function_and_one_layer_in_float32():
    def write(x):
        h = el.GRU(4)(el.Dense(5, activation="tanh")(x))
        return el.Dense(3)(h)

    net, (x, y) = el.Network(write, inputs={"x": 2}), data()
    error = el.fit_readout(net, x, y)
    assert np.isclose(error, np.square(net(x) - y).mean(), rtol=1e-4)


def test_constants_are_known():
    mask = np.random.default_rng(0).random((6, 6)) < 0.5

    @el.cell
    def sparse(p, x, h):
        there = el.constant(mask)
        return el.tanh(p.W @ x + (there * p.U) @ h)

    net, (x, y) = made(el.Recurrent(sparse, 6), el.Dense(3)), data()
    assert np.isclose(el.fit_readout(net, x, y), np.square(net(x) - y).mean())


@pytest.mark.parametrize(
    ("layers", "how", "error"),
    [
        ((el.GRU(3),), {}, OptionError),
        ((el.GRU(3), el.Dense(3, activation="tanh")), {}, OptionError),
        ((el.Dense(3),), {}, OptionError),
        ((), {"ridge": -1}, OptionError),
        ((), {"warm_up": 9}, OptionError),
        ((el.GRU(3, return_sequences=False), el.Dense(3)), {}, ShapeError),
        ((el.GRU(3), el.Dense(2)), {}, ShapeError),
    ],
)
def test_what_cannot_be_fitted_is_refused(layers, how, error):
    with pytest.raises(error):
        el.fit_readout(made(*layers), *data(), **how)


def test_a_target_that_is_not_finite_is_refused():
    x, y = data()
    y[1, 2] = np.nan
    with pytest.raises(DataError):
        el.fit_readout(made(), x, y)
