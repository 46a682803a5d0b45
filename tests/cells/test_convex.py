"""Cells whose state is a running mean of candidates that see the input only, and cells with one gate that can hold."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import cifg, light_ru, lstm, minimal_rnn, simple, ugrnn
from tests.cells.dynamics import H, along, copied, data, jacobian, layer, names, put, sigmoid

CANDIDATES = {
    light_ru: lambda p, x: np.tanh(x @ p["0.W_n"].T),
    minimal_rnn: lambda p, x: np.tanh(x @ p["0.W_z"].T + p["0.b_z"]),
}


@pytest.mark.parametrize("cell", CANDIDATES, ids=lambda c: c.name)
def test_a_state_moves_towards_the_candidate_and_never_beyond(cell):
    net, x = layer(cell, scale=2), data(20, 30)
    h, n = along(net, x)["h"], CANDIDATES[cell](net.params, x)
    low, high = np.minimum(h[:, :-1], n), np.maximum(h[:, :-1], n)
    assert ((low - 1e-12 <= h[:, 1:]) & (h[:, 1:] <= high + 1e-12)).all() and np.abs(h).max() <= 1


def test_light_ru_and_minimal_rnn_reach_the_past_through_gates_only():
    """Without the state's share in the gate a Jacobian is diagonal, and its entries are the gate's."""
    x, h = data(6, 1)[:, 0], np.random.default_rng(2).normal(size=(6, H))
    net = put(layer(light_ru), U_f=0)
    f = sigmoid(x @ net.params["0.W_f"].T + net.params["0.b_f"])
    np.testing.assert_allclose(jacobian(net, x, h), (1 - f)[:, None] * np.eye(H), atol=1e-12)
    net = put(layer(minimal_rnn), U_u=0)
    z = CANDIDATES[minimal_rnn](net.params, x)
    u = sigmoid(z @ net.params["0.V_u"].T + net.params["0.b_u"])
    np.testing.assert_allclose(jacobian(net, x, h), u[:, None] * np.eye(H), atol=1e-12)


def test_the_gate_of_ugrnn_holds_the_state_or_makes_it_a_simple_cell():
    x, h = data(), np.random.default_rng(2).normal(size=(5, H))
    held = put(layer(ugrnn), W_g=0, U_g=0, b_g=40)
    np.testing.assert_allclose(held(x, state=h)[:, -1], h, rtol=1e-12)
    free = put(held, b_g=-40)
    plain = put(layer(simple), **{k: free.params[f"0.{k}_c"] for k in ("W", "U", "b")})
    np.testing.assert_allclose(free(x, state=h), plain(x, state=h), rtol=1e-12)


def test_coupled_gates_keep_the_cell_state_bounded_and_those_of_an_lstm_do_not():
    x = np.repeat(data(20, 1), 60, axis=1)
    assert np.abs(along(layer(cifg, scale=2), x)["c"]).max() <= 1 < np.abs(along(layer(lstm, scale=2), x)["c"]).max()


def test_cifg_is_the_lstm_whose_forget_gate_is_the_input_gates_complement():
    net = layer(cifg, peepholes=False)
    other = copied(net, layer(lstm))
    put(other, **{f"{k}_f": -net.params[f"0.{k}_i"] for k in "WUb"})
    np.testing.assert_allclose(net(data()), other(data()), rtol=1e-10)
    assert names(cifg) - names(cifg, peepholes=False) == {"v_i", "v_o"}


def test_initial_values():
    first = {cell: el.Network(3, [el.Recurrent(cell, H)]).params for cell in (ugrnn, cifg)}
    assert (first[ugrnn]["0.b_g"] == 1).all() and (first[cifg]["0.b_i"] == -1).all()
