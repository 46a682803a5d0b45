"""Gradient flow of every kind of state, and of outputs beside them, against numerical differentiation."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

CELLS = ["gru", "lstm", "mlstm", "slstm", "lru", "qrnn", "ctrnn", "t_lstm", "delta_net", "lmu", "clockwork_rnn"]


@pytest.mark.parametrize("name", CELLS)
def test_norms_are_those_of_numerical_slopes(name):
    random, step, k = np.random.default_rng(0), 1e-6, 3
    net = el.Network(2, [el.Recurrent(name, 3), el.Dense(1)], dtype="float64", seed=1)
    for parameter in net.trainable:
        net.params[parameter] += random.normal(0, 0.3, net.params[parameter].shape)
    x, target = random.normal(size=(2, 5, 2)), random.normal(size=(2, 5, 1))
    flow = el.insight.gradient_flow(net, x, target)
    _, (state,) = net(x[:, :k], return_state=True)

    def loss(number: int, place: int, by: float) -> np.ndarray:
        moved = [s.copy() for s in state]
        moved[number][:, place] += by
        return np.square(net(x[:, k:], state=[tuple(moved)])[:, -1] - target[:, -1]).mean(-1)

    places = [(number, place) for number, s in enumerate(state) for place in range(s.shape[1])]
    slopes = [(loss(*where, step) - loss(*where, -step)) / (2 * step) for where in places]
    np.testing.assert_allclose(flow.by_sequence[:, k - 1], np.linalg.norm(slopes, axis=0), rtol=1e-6, atol=1e-8)
