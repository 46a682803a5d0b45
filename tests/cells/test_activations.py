"""Every activation, by its formula, wherever a layer takes one."""

from __future__ import annotations

from math import erf

import numpy as np
import pytest

import elman as el
from elman.cells import gru_from_simple

FORMULAS = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
    "elu": lambda a: np.where(a > 0, a, np.exp(a) - 1),
    "softplus": lambda a: np.log(1 + np.exp(a)),
    "silu": lambda a: a / (1 + np.exp(-a)),
    "gelu": lambda a: a * (1 + np.vectorize(erf)(a / np.sqrt(2))) / 2,
    "linear": lambda a: a,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_layers_take_it_by_name(name):
    f = FORMULAS[name]
    random = np.random.default_rng(0)
    x, W, U, b = (random.normal(size=shape) for shape in ((4, 1, 3), (5, 3), (5, 5), (5,)))
    a = x @ W.T + b
    initial = {"W": W, "U": U, "b": b}
    for layer in (
        el.Dense(5, activation=name, initial={"W": W, "b": b}),
        el.SimpleRNN(5, activation=name, initial=initial),
        el.GRU(5, activation=name, initial=gru_from_simple(**initial)),
    ):
        np.testing.assert_allclose(el.Network(3, [layer], dtype=np.float64)(x), f(a), atol=1e-14)
    np.testing.assert_allclose(el.Network(3, [el.Activation(name)], dtype=np.float64)(x), f(x), atol=1e-14)
    open_gates = {f"b_{gate}": 40.0 for gate in "io"} | {f"W_{gate}": 0.0 for gate in "io"}
    lstm = el.LSTM(5, activation=name, initial={"W_g": W, "b_g": b, **open_gates})
    np.testing.assert_allclose(el.Network(3, [lstm], dtype=np.float64)(x), f(f(a)), atol=1e-14)
