"""Dale's network: a unit excites or inhibits, whatever training does."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import inputs, network, step_matrices

cell = el.cells.dale_rnn


def test_training_never_changes_a_units_sign():
    net = el.Network(3, [el.Recurrent(cell, 10), el.Dense(1)], dtype=np.float64)
    x = inputs(20, B=16)
    y = x.cumsum(1)[..., :1]
    net.fit(x, y, epochs=20, optimizer=el.AdamW(0.1, weight_decay=0.3), verbose=0)
    d = net.params["0.d"]
    assert d.tolist() == [1.0] * 8 + [-1.0] * 2 and net.frozen == {"0.d"}
    assert (net.params["0.U"] < 0).any()  # so that rectifying is what keeps the signs
    J = step_matrices(net, x[:1], state=[(np.ones((1, 10)),)])[0] - 0.8 * np.eye(10)
    assert (J * d >= -1e-12).all() and (J[:, d > 0] > 0).any() and (J[:, d < 0] < 0).any()


def test_initial_values_are_balanced_and_of_spectral_radius_1_5():
    net = network(cell, 50)
    signed = net.params["0.U"] * net.params["0.d"]
    assert np.isclose(np.abs(np.linalg.eigvals(signed)).max(), 1.5)
    assert not np.diag(signed).any() and (net.params["0.U"] >= 0).all()
    assert np.abs(signed.sum(1).mean()) < 0.2 * np.abs(signed).sum(1).mean()
    assert (net.params["0.d"] > 0).sum() == 40
    assert net.params["0.W"].min() >= 0


def test_a_small_network_has_signs_too():
    for units in (1, 2, 3):
        net = network(cell, units)
        assert np.isfinite(net(inputs(5))).all() and net.params["0.d"][0] == 1
