"""shallowPLRNN: linear within regions; bounded when clipped."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import inputs, network, step_matrices

cell = el.cells.shallow_plrnn


def test_it_is_linear_within_a_region():
    net = network(cell, 5, scale=0.6, sizes={"U_2": 12})
    z = np.random.default_rng(1).normal(size=(1, 5))
    a, U_1, U_2, b_2 = (net.params[f"0.{n}"] for n in ("a", "U_1", "U_2", "b_2"))
    on = (U_2 @ z[0] + b_2 > 0).astype(float)
    J = step_matrices(net, inputs(1), state=[(z,)])[0]
    np.testing.assert_allclose(J, np.diag(a) + U_1 @ (on[:, None] * U_2), atol=1e-12)
    near = net(inputs(1), state=[(z + 1e-4,)])[0, -1] - net(inputs(1), state=[(z,)])[0, -1]
    np.testing.assert_allclose(near, J @ np.full(5, 1e-4), atol=1e-12)


def test_clipped_states_are_bounded_and_others_need_not_be():
    """|U_1 (relu(s + b_2) - relu(s))| <= |U_1| |b_2|, so that |z| <= that over 1 - max |a|, for any U."""
    random = np.random.default_rng(0)
    values = {"U_1": random.normal(size=(5, 20)), "U_2": random.normal(size=(20, 5)), "b_2": random.normal(size=20)}
    values |= {"a": random.uniform(-0.9, 0.9, 5), "W": np.zeros((5, 1)), "b_1": random.normal(size=5)}
    x, first = np.zeros((1, 300, 1)), [(random.normal(size=(1, 5)),)]
    clipped = network(cell, 5, 1, initial=values, sizes={"U_2": 20}, clipped=True)(x, state=first)
    bound = (np.abs(values["U_1"]) @ np.abs(values["b_2"]) + np.abs(values["b_1"])).max() / (1 - 0.9)
    assert np.abs(clipped).max() <= bound + np.abs(first[0][0]).max()
    plain = network(cell, 5, 1, initial=values, sizes={"U_2": 20})(x, state=first)
    assert np.abs(plain[0, -1]).max() > 1000 * bound


def test_initial_values():
    params = network(cell, 30, 2, sizes={"U_2": 100}).params
    assert params["0.a"].min() > 0 and params["0.a"].max() <= 1
    assert 0.99 < np.abs(params["0.U_1"]).max() * 10 <= 1
    assert 0.99 < np.abs(params["0.U_2"]).max() * np.sqrt(30) <= 1
