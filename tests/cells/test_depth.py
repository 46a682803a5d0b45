"""Cells made for deep stacks: gradients reach the first layer, inputs pass through layers."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import intersection_rnn, lstm, peephole_lstm, residual_lstm, rhn, star
from tests.cells.dynamics import F, H, copied, data, jacobian, layer, names, put


def reaches(cell, layers=12, units=16):
    """The gradient's norm in the first layer of a new stack, relative to the last one's."""
    net = el.Network(units, [el.Recurrent(cell, units) for _ in range(layers)], dtype=np.float64, seed=0)
    x = data(8, 10, units)
    grads = net.loss_and_grads(x, np.sign(x))[1]
    of = [np.sqrt(sum((g**2).sum() for n, g in grads.items() if n.startswith(f"{k}."))) for k in (0, layers - 1)]
    return of[0] / of[1]


def test_gradients_of_star_reach_the_first_layer_of_a_deep_stack():
    assert reaches(star) > 0.1 > 10 * reaches(lstm)


def test_all_matrices_of_star_start_orthogonal():
    net = el.Network(H, [el.Recurrent(star, H)], dtype=np.float64)
    for name in ("W_z", "W_k", "U_k"):
        np.testing.assert_allclose(net.params[f"0.{name}"] @ net.params[f"0.{name}"].T, np.eye(H), atol=1e-12)


def test_open_gates_of_the_intersection_rnn_pass_the_input_up_and_the_state_on():
    net = put(layer(intersection_rnn, H, projected=False), W_gy=0, U_gy=0, b_gy=40, W_gh=0, U_gh=0, b_gh=40)
    x, h = data(features=H), np.random.default_rng(2).normal(size=(5, H))
    np.testing.assert_allclose(net(x, state=h), x, atol=1e-12)
    np.testing.assert_allclose(jacobian(net, x[:, 0], h), np.broadcast_to(np.eye(H), (5, H, H)), atol=1e-12)
    first = put(copied(net, layer(intersection_rnn, H)), W_x=np.eye(H))
    np.testing.assert_allclose(first(x, state=h), x, atol=1e-12)
    assert (el.Network(F, [el.Recurrent(intersection_rnn, H)]).params["0.b_gy"] == 1).all()


def test_the_residual_lstm_lets_the_input_through_beside_the_cell_state():
    net = put(layer(residual_lstm), W_p=0, W_o=0, U_o=0, v_o=0, b_o=40)
    np.testing.assert_allclose(net(data()), data() @ net.params["0.W_h"].T, atol=1e-12)


def test_without_input_and_projection_it_is_the_lstm_with_peepholes():
    net = put(layer(residual_lstm), W_p=np.eye(H), W_h=0)
    np.testing.assert_allclose(net(data()), copied(net, layer(peephole_lstm))(data()), rtol=1e-10)
    assert names(residual_lstm) - names(residual_lstm, projected=False) == {"W_h"}


@pytest.mark.parametrize("depth", [1, 3, 10])
def test_shut_gates_of_the_highway_network_carry_the_state_through_all_layers(depth):
    net = layer(rhn, depth=depth)
    gates = {n[2:]: 0 for n in net.params if n[2:4] in ("U_", "W_") and n[4] == "t"}
    put(net, **gates, **{f"b_t{k}": -40 for k in range(1, depth + 1)})
    J = jacobian(net, data(5, 1)[:, 0], np.random.default_rng(2).normal(size=(5, H)))
    np.testing.assert_allclose(J, np.broadcast_to(np.eye(H), J.shape), atol=1e-12)


def test_a_highway_layer_more_is_two_products_more_and_only_the_first_sees_the_input():
    count = [layer(rhn, depth=depth).arena.size for depth in (1, 2, 3)]
    assert count[0] == 2 * (H * F + H * H + H) and np.diff(count).tolist() == 2 * [2 * (H * H + H)]


def test_a_carry_gate_of_its_own_can_be_the_coupled_one():
    coupled = layer(rhn, depth=3)
    own = copied(coupled, layer(rhn, depth=3, coupled=False))
    opposite = {n: -coupled.params[f"0.{n[:2]}t{n[3:]}"] for n in names(rhn, depth=3, coupled=False) if n[2] == "c"}
    np.testing.assert_allclose(put(own, **opposite)(data()), coupled(data()), rtol=1e-10)


def test_highway_gates_start_shut():
    net = el.Network(F, [el.Recurrent(rhn, H, depth=2, coupled=False)])
    assert {net.params[f"0.b_t{k}"].max() for k in (1, 2)} == {-2} and {
        net.params[f"0.b_c{k}"].max() for k in (1, 2)
    } == {2}
