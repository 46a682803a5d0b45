"""SGU and DSGU, SGRN, MiRU, tau-GRU and SCRN: what bounds them, what they share, how far back they see."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import dsgu, miru1, miru2, scrn, sgrn, sgu, simple, tau_gru
from elman.errors import OptionError
from tests.cells.dynamics import F, H, along, data, jacobian, layer, put


def test_dsgu_stays_within_bounds_where_sgu_grows():
    """With the gate open and both gates' products positive SGU's state is ``log(1 + exp(h))`` of the last."""
    x = np.repeat(data(20, 1), 60, axis=1)
    assert along(layer(dsgu, scale=3), x)["h"].min() >= 0 and along(layer(dsgu, scale=3), x)["h"].max() <= 1
    net = put(layer(sgu), W_g=0, b_g=1, U_g=40 * np.eye(H), W_z=0, U_z=0, b_z=10)
    np.testing.assert_allclose(along(net, x)["h"][:, 2:], np.log1p(np.exp(along(net, x)["h"][:, 1:-1])), rtol=1e-9)


@pytest.mark.parametrize("cell", [sgu, dsgu], ids=lambda c: c.name)
def test_their_gate_is_shut_for_good_beyond_the_corner_of_the_hard_sigmoid(cell):
    net, h = put(layer(cell), W_z=0, U_z=0, b_z=-2.5), np.random.default_rng(2).uniform(size=(5, H))
    np.testing.assert_array_equal(net(data(), state=h)[:, -1], h)


def test_sgrn_has_the_parameters_of_a_simple_cell_and_forgets_all_with_its_gate_shut():
    net = put(layer(sgrn), U=0, b=-60)
    assert net.arena.size == layer(simple).arena.size
    np.testing.assert_allclose(net(data()), np.tanh(data() @ net.params["0.W"].T), atol=1e-12)


def test_miru2_is_miru1_with_a_gate_that_stands_still():
    net = put(layer(miru1, update=0.8), W_r=0, U_r=0, b_r=np.log(3))
    other = layer(miru2, update=0.8, reset=0.75)
    put(other, **{k: net.params[f"0.{k}"] for k in ("W_n", "U_n", "b_n")})
    np.testing.assert_allclose(net(data()), other(data()), rtol=1e-10)
    J = jacobian(put(net, U_n=0), data(5, 1)[:, 0], np.zeros((5, H)))
    np.testing.assert_allclose(J, np.broadcast_to(0.8 * np.eye(H), J.shape), rtol=1e-12)
    with pytest.raises(OptionError, match="update"):
        layer(miru2, update=1.0)


@pytest.mark.parametrize("delay", [1, 3])
def test_tau_gru_sees_its_state_of_some_steps_before_the_last(delay):
    net = layer(tau_gru, delay=delay)
    found = along(net, data())
    past = found["past"].reshape(5, 9, delay, H)
    for k in range(delay):
        np.testing.assert_array_equal(past[:, k + 1 :, k], found["h"][:, : 8 - k])
    J = jacobian(net, data(5, 1)[:, 0], np.random.default_rng(2).normal(size=(5, (1 + delay) * H)))
    before = J[:, :H, H:].reshape(5, H, delay, H)
    assert not before[:, :, :-1].any() and (before[:, :, -1] != 0).all()


def test_the_context_of_scrn_is_a_slow_average_that_nothing_else_touches():
    net = layer(scrn, sizes={"s": 3, "output": 5})
    assert net(data()).shape == (5, 8, 5)
    J = jacobian(net, data(5, 1)[:, 0], np.random.default_rng(2).normal(size=(5, H + 3)))
    np.testing.assert_allclose(J[:, H:, H:], np.broadcast_to(0.95 * np.eye(3), (5, 3, 3)), rtol=1e-12)
    assert not J[:, H:, :H].any() and (J[:, :H, H:] != 0).all()
    s = along(net, np.ones((1, 400, F)))["s"][0]
    np.testing.assert_allclose(s[-1], net.params["0.W_s"].sum(1), rtol=1e-7)
    np.testing.assert_allclose(s[20], (1 - 0.95**20) * s[-1], rtol=1e-6)


def test_scrn_keeps_what_alpha_says():
    with pytest.raises(OptionError, match="alpha"):
        layer(scrn, alpha=1.0)
    assert "0.2 * W_s x + 0.8 * s" in el.cells.scrn.with_options(alpha=0.8).equations()[0]
