"""EA-LSTM: the input gate is what a sequence is, not what happens in it."""

from __future__ import annotations

import numpy as np

import elman as el
from elman.cells import ea_lstm

RANDOM = np.random.default_rng(0)


def rainfall(x, about):
    return el.Recurrent(ea_lstm, 6)(x, el.repeat(about, x))


def test_the_input_gate_is_the_entitys_whatever_comes_in():
    net = el.Network(rainfall, inputs={"x": 3, "about": el.Static(4)}, dtype=np.float64)
    about = RANDOM.normal(size=(2, 4))
    one, other = (net.trace((RANDOM.normal(size=(2, 5, 3)), about)) for _ in range(2))
    np.testing.assert_array_equal(one["i"], other["i"])
    np.testing.assert_array_equal(one["i"], np.broadcast_to(one["i"][:, :1], one["i"].shape))
    assert np.abs(one["f"] - other["f"]).max() > 1e-3 and np.abs(one["i"][0] - one["i"][1]).max() > 0.01


def test_with_an_open_gate_it_is_an_lstm_with_one():
    net = el.Network(rainfall, inputs={"x": 3, "about": el.Static(4)}, dtype=np.float64)
    plain = el.Network(3, [el.LSTM(6)], dtype=np.float64)
    assert (net.params["ea_lstm.b_f"] == 5).all()
    for k in "fgo":
        for name in "WUb":
            plain.params[f"0.{name}_{k}"] = net.params[f"ea_lstm.{name}_{k}"]
    for name in "WU":
        plain.params[f"0.{name}_i"] = 0.0
    net.params["ea_lstm.b_i"] = plain.params["0.b_i"] = 40.0
    x = RANDOM.normal(size=(2, 5, 3))
    np.testing.assert_allclose(net((x, np.zeros((2, 4)))), plain(x), rtol=1e-12)
