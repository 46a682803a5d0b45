"""The recurrent matrix of multiplicative cells is another one for each input."""

from __future__ import annotations

import numpy as np

import elman as el
from elman.cells import lstm, multiplicative_lstm, multiplicative_rnn, simple
from tests.cells.dynamics import H, copied, data, jacobian, layer, put


def test_the_recurrent_matrix_is_that_of_the_input():
    net = layer(multiplicative_rnn, sizes={"W_m": 2})
    x, h = data(6, 1)[:, 0], np.random.default_rng(2).normal(size=(6, H))
    W_m, U_m, U_h = (net.params[f"0.{k}"] for k in ("W_m", "U_m", "U_h"))
    assert W_m.shape == (2, 3) and U_m.shape == (2, H) and U_h.shape == (H, 2)
    slope = 1 - net(x[:, None], state=h)[:, 0] ** 2
    matrix = U_h @ ((x @ W_m.T)[:, :, None] * U_m)
    np.testing.assert_allclose(jacobian(net, x, h), slope[..., None] * matrix, atol=1e-12)


def test_with_factors_of_one_they_are_the_plain_cells():
    """Of one-hot inputs ``W_m`` of ones makes all factors 1."""
    x = np.eye(3)[np.random.default_rng(0).integers(3, size=(5, 8))]
    net = put(layer(multiplicative_lstm), W_m=1, U_m=np.eye(H))
    np.testing.assert_allclose(net(x), copied(net, layer(lstm))(x), rtol=1e-10)
    net = put(layer(multiplicative_rnn), W_m=1, U_m=np.eye(H))
    plain = put(layer(simple), **{k: net.params[f"0.{k}_h"] for k in ("W", "U", "b")})
    np.testing.assert_allclose(net(x), plain(x), rtol=1e-10)


def test_the_forget_bias_starts_at_one():
    assert (el.Network(3, [el.Recurrent(multiplicative_lstm, 4)]).params["0.b_f"] == 1).all()
