"""LSTMs with more or less: working memory connections, a projection, layer normalisation."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import layer_norm_gru, layer_norm_lstm, lstm, peephole_lstm, projected_lstm, wmc_lstm
from tests.cells.dynamics import F, H, along, copied, data, layer, names, put, sigmoid


def test_without_its_connections_wmc_is_the_lstm():
    net = put(layer(wmc_lstm), V_i=0, V_f=0, V_o=0)
    np.testing.assert_allclose(net(data()), copied(net, layer(lstm))(data()), rtol=1e-10)


def test_a_large_cell_state_saturates_peepholes_and_no_working_memory():
    a = 0.3
    c = np.full((1, H), 1e3)
    shut = {"W_i": 0, "U_i": 0, "b_i": -1e9, "W_f": 0, "U_f": 0, "b_f": a, "W_g": 0}
    after = {}
    for cell, memory in ((wmc_lstm, {"V_i": 0, "V_f": -0.5 * np.eye(H)}), (peephole_lstm, {"v_i": 0, "v_f": -0.5})):
        net = put(layer(cell), **shut, **memory)
        after[cell] = along(net, np.zeros((1, 1, F)), np.concatenate([0 * c, c], 1))["c"][:, 1] / c
    np.testing.assert_allclose(after[wmc_lstm], sigmoid(a - 1), rtol=1e-12)
    assert after[peephole_lstm].max() < 1e-100


def test_a_projection_by_the_identity_is_none():
    net = put(layer(projected_lstm), W_r=np.eye(H))
    np.testing.assert_allclose(net(data()), copied(net, layer(peephole_lstm))(data()), rtol=1e-10)
    net = put(layer(projected_lstm, peepholes=False), W_r=np.eye(H))
    np.testing.assert_allclose(net(data()), copied(net, layer(lstm))(data()), rtol=1e-10)


def test_many_cells_of_a_projected_lstm_cost_by_the_width_of_the_projection():
    C = 40
    net = layer(projected_lstm, sizes={"c": C})
    assert net(data()).shape == (5, 8, H) and net.state_sizes() == [[H, C]]
    assert net.arena.size == 4 * C * (F + H + 1) + 3 * C + H * C


@pytest.mark.parametrize("together", [False, True])
def test_layer_normalisation_does_not_see_the_scale_of_weights(together):
    """The paper's table 1: invariant to rescaling of the weight matrix, here of each that is normalised by itself."""
    net = layer(layer_norm_lstm, units=8, together=together, epsilon=1e-24)
    expected = net(data())
    larger = {n: 3 * net.params[f"0.{n}"] for n in ("W_i", "W_f", "W_g", "W_o")}
    put(net, **larger)
    np.testing.assert_allclose(net(data()), expected, rtol=1e-9)
    put(net, W_f=9 * net.params["0.W_f"])
    assert np.allclose(net(data()), expected, rtol=1e-9) != together


def test_together_all_gates_are_one_vector_of_mean_zero_and_variance_one():
    net, x = layer(layer_norm_lstm, units=8, together=True, epsilon=1e-24), data(3, 1)
    p = net.params
    products = np.concatenate([x[:, 0] @ p[f"0.W_{k}"].T for k in "ifgo"], 1)
    a = (products - products.mean(1, keepdims=True)) / products.std(1, keepdims=True)
    put(net, **{f"t_{k}": 0 for k in "ifgo"})
    i, _, g, o = (p[f"0.s_{k}"] * part + p[f"0.b_{k}"] for k, part in zip("ifgo", np.split(a, 4, 1), strict=True))
    c = sigmoid(i) * np.tanh(g)
    normal = (c - c.mean(1, keepdims=True)) / c.std(1, keepdims=True)
    np.testing.assert_allclose(net(x)[:, 0], sigmoid(o) * np.tanh(p["0.s_c"] * normal + p["0.b_c"]), rtol=1e-8)
    assert names(layer_norm_lstm) == names(layer_norm_lstm, together=True)


@pytest.mark.parametrize("together", [False, True])
def test_the_layer_norm_gru_does_not_see_the_scale_of_its_input(together):
    net = layer(layer_norm_gru, units=8, together=together, epsilon=1e-24)
    np.testing.assert_allclose(net(7 * data()), net(data()), rtol=1e-9)
    expected = net(data())
    put(net, W_z=4 * net.params["0.W_z"])
    assert np.allclose(net(data()), expected, rtol=1e-9) != together


def test_initial_values():
    of_gru, of_wmc, of_projected = (
        el.Network(F, [el.Recurrent(c, H)]).params for c in (layer_norm_gru, wmc_lstm, projected_lstm)
    )
    assert all((of_gru[f"0.{g}_{k}"] == 1).all() for g in "st" for k in "zrn")
    assert (of_wmc["0.b_f"] == 1).all() and (of_projected["0.b_f"] == 1).all()
