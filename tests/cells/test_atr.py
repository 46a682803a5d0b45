"""ATR: the state is a weighted sum of the projected inputs; the gates are twins."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import inputs, network


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def test_the_state_is_a_weighted_sum_of_projected_inputs():
    """The paper's h_t = sum over k of g_k * W x_k, g_k = i_k times the forget gates after it."""
    net = network(el.cells.atr, scale=0.7)
    x, T = inputs(15), 15
    W, U = net.params["0.W"], net.params["0.U"]
    before = np.concatenate([np.zeros((1, 8)), net(x)[0, :-1]])
    p, q = x[0] @ W.T, before @ U.T
    i, f = sigmoid(p + q), sigmoid(p - q)
    weights = [i[k] * f[k + 1 :].prod(0) for k in range(T)]
    np.testing.assert_allclose(net(x)[0, -1], (np.array(weights) * p).sum(0), atol=1e-12)


def test_two_matrices_are_all():
    assert sorted(network(el.cells.atr).params) == ["0.U", "0.W"]
