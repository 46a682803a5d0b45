"""HyperLSTM: matrices whose rows are scaled anew at each step."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import hyper_lstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def test_it_starts_as_an_lstm_of_a_tenth_of_the_weights():
    net, plain = of(hyper_lstm, 3, 5, normalised=False, sizes={"h_hat": 2, "Z_hi": 4}), of(el.cells.lstm, 3, 5)
    for k in "ifgo":
        for name in "WU":
            plain.params[f"0.{name}_{k}"] = 0.1 * net.params[f"0.{name}_{k}"]
        plain.params[f"0.b_{k}"] = net.params[f"0.b_{k}"]
    assert net.params["0.D_hi"].shape == (5, 4) and (net.params["0.D_hi"] == 0.1 / 4).all()
    x = RANDOM.normal(size=(2, 6, 3))
    np.testing.assert_allclose(net(x), plain(x), rtol=1e-10)


def test_the_small_lstm_changes_the_scales_from_step_to_step():
    """Two equal inputs at two times: with what is learnt, the same matrix counts differently."""
    net = of(hyper_lstm, 3, 4, normalised=False)
    net.params["0.Z_xo"] = 3 * RANDOM.normal(size=net.params["0.Z_xo"].shape)
    net.params["0.D_xo"] = RANDOM.normal(size=net.params["0.D_xo"].shape)
    for k in "ifgo":
        net.params[f"0.U_{k}"] = 0.0
    o = net.trace(np.ones((1, 5, 3)))["o"][0]
    assert np.abs(np.diff(o, axis=0)).max(1).min() > 1e-3
    small = net.trace(np.ones((1, 5, 3)))["h_hat"][0]
    before = np.concatenate([np.zeros((1, 4)), small[:-1]])
    scale = (before @ net.params["0.Z_xo"].T + 1) @ net.params["0.D_xo"].T
    expected = scale * (net.params["0.W_o"] @ np.ones(3))
    np.testing.assert_allclose(np.log(o / (1 - o)), expected, rtol=1e-8)


@pytest.mark.parametrize("factor", [0.5, 20.0])
def test_normalised_gates_do_not_depend_on_the_size_of_the_weights(factor):
    net, x = of(hyper_lstm, 3, 6), 10 * RANDOM.normal(size=(2, 1, 3))
    for name in net.params:
        if name[2:5] in ("b_f",):
            net.params[name] = 0.0
    before = net.trace(x)["o"]
    net.params["0.W_o"] = factor * net.params["0.W_o"]
    np.testing.assert_allclose(net.trace(x)["o"], before, atol=2e-3)
