"""Cells without recurrent matrix: T-RNN, T-GRU, T-LSTM, QRNN, SRU. The gradient through time is a product of gates."""

from __future__ import annotations

import numpy as np
import pytest

from elman.cells import qrnn, sru, t_gru, t_lstm, t_rnn
from elman.errors import OptionError
from tests.cells.dynamics import F, H, along, copied, data, jacobian, layer, names, put

CELLS = {
    "t_rnn": t_rnn,
    "t_gru": t_gru,
    "t_lstm": t_lstm,
    "qrnn": qrnn,
    "ifo": qrnn.with_options(pooling="ifo", window=3),
}


def states_and_jacobian(cell, rows=20):
    net = layer(cell, scale=1.5)
    n = sum(net.state_sizes()[0])
    return jacobian(net, data(rows, 1)[:, 0], np.random.default_rng(2).normal(size=(rows, n)))


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_the_jacobian_is_a_diagonal_of_gates(cell):
    """So that gradients through time cannot explode, whatever the parameters."""
    J = states_and_jacobian(cell)[:, :H, :H]
    on = np.diagonal(J, axis1=1, axis2=2)
    np.testing.assert_allclose(J, on[..., None] * np.eye(H), atol=1e-12)
    assert (on > 0).all() and (on < 1).all() and on.min() < 0.1 and on.max() > 0.9


def test_the_state_of_sru_sees_itself_value_by_value():
    J = states_and_jacobian(sru)
    np.testing.assert_allclose(J, np.diagonal(J, axis1=1, axis2=2)[..., None] * np.eye(H), atol=1e-12)


def test_the_state_of_t_rnn_is_a_mean_of_its_features():
    """Of weights that sum to 1, with a share for the first state."""
    net, x = layer(t_rnn), data(20, 30)
    z, h = x @ net.params["0.W"].T + net.params["0.b"], along(net, x)["h"]
    low, high = np.minimum.accumulate(z, 1), np.maximum.accumulate(z, 1)
    assert ((np.minimum(low, 0) <= h[:, 1:]) & (h[:, 1:] <= np.maximum(high, 0))).all()


@pytest.mark.parametrize("cell", [t_gru, t_lstm], ids=lambda c: c.name)
def test_the_last_input_is_a_state(cell):
    found = along(layer(cell), data())["last"]
    np.testing.assert_array_equal(found[:, 1:], data())
    assert not found[:, 0].any()


@pytest.mark.parametrize("window", [2, 3, 5])
def test_qrnn_sees_as_many_inputs_as_its_window_is_wide(window):
    """With the forget gate shut what comes out depends on the window only, which is a convolution."""
    net, x = layer(qrnn, window=window), data()
    net.params["0.W_f"], net.params["0.b_f"] = np.zeros((H, window * F)), np.full(H, -40.0)
    padded = np.concatenate([np.zeros((5, window - 1, F)), x], axis=1)
    seen = np.concatenate([padded[:, window - 1 - k : window - 1 - k + 8] for k in range(window)], axis=2)
    z, o = (seen @ net.params[f"0.W_{k}"].T + net.params[f"0.b_{k}"] for k in "zo")
    np.testing.assert_allclose(net(x), np.tanh(z) / (1 + np.exp(-o)), atol=1e-12)


def test_poolings_of_qrnn():
    assert names(qrnn) - names(qrnn, pooling="f") == {"W_o", "b_o"}
    assert names(qrnn, pooling="ifo") - names(qrnn) == {"W_i", "b_i"}
    whole = layer(qrnn, pooling="ifo")
    opposite = {"W_i": -whole.params["0.W_f"], "b_i": -whole.params["0.b_f"]}
    np.testing.assert_allclose(put(whole, **opposite)(data()), copied(whole, layer(qrnn))(data()), rtol=1e-10)
    for wrong in ({"pooling": "of"}, {"window": 1}):
        with pytest.raises(OptionError):
            layer(qrnn, **wrong)


def test_the_highway_of_sru_carries_the_input():
    net = put(layer(sru, H, projected=False, alpha=1.5), W_r=0, v_r=0, b_r=-40)
    np.testing.assert_allclose(net(data(features=H)), 1.5 * data(features=H), atol=1e-12)
    assert names(sru) - names(sru, projected=False) == {"W_x"}


def test_sru_is_a_running_mean_without_its_peepholes():
    net = put(layer(sru), v_f=0, b_r=40, W_r=0, v_r=0)
    plain = put(layer(t_rnn), W=net.params["0.W"], b=0, V=net.params["0.W_f"], c=net.params["0.b_f"])
    np.testing.assert_allclose(net(data()), plain(data()), rtol=1e-10)
