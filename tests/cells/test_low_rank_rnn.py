"""Low-rank networks: as many dimensions of dynamics as the rank and the inputs have."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network, states_of, step_matrices

cell = el.cells.low_rank_rnn


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_states_stay_in_the_span_of_m_and_the_inputs(rank):
    net = network(cell, 20, 2, scale=1.0, sizes={"n": rank})
    states = np.concatenate([states_of(net, inputs(T, features=2)) for T in range(1, 30)])
    assert np.linalg.matrix_rank(states, tol=1e-9) == rank + 2
    within = np.concatenate([net.params["0.m"], net.params["0.W"]], axis=1)
    assert np.abs(states.T - within @ np.linalg.lstsq(within, states.T, rcond=None)[0]).max() < 1e-10


def test_random_connections_fill_all_dimensions_and_are_not_trained():
    net = network(cell, 20, 2, sizes={"n": 1}, g=0.8)
    states = np.concatenate([states_of(net, inputs(T, features=2)) for T in range(1, 30)])
    assert np.linalg.matrix_rank(states, tol=1e-9) > 10
    assert net.frozen == {"0.chi"}


def test_the_jacobian_is_a_leak_and_a_matrix_of_the_rank():
    net = network(cell, 20, 3, scale=1.0, sizes={"n": 2}, dt=0.1)
    J = step_matrices(net, inputs(1), state=[(np.ones((1, 20)),)])[0]
    assert np.linalg.matrix_rank(J - 0.9 * np.eye(20), tol=1e-9) == 2


@pytest.mark.parametrize(("overlap", "active"), [(0.7, False), (2.0, True)])
def test_structure_above_one_makes_two_states_that_last(overlap, active):
    """Rank one, m = n up to 1 / N: rest is unstable once their overlap is above 1."""
    m = np.random.default_rng(0).normal(size=(200, 1))
    m /= np.sqrt((m**2).mean())
    net = network(cell, 200, 1, initial={"m": m, "n": overlap * m.T / 200}, sizes={"n": 1})
    last = [net(np.zeros((1, 400, 1)), state=[(s * m.T,)])[0, -1] for s in (0.1, -0.1)]
    assert (np.abs(last[0]).max() > 0.5) == active
    np.testing.assert_allclose(last[0], -last[1], atol=1e-9)


def test_initial_values():
    net = network(cell, 150, 3, sizes={"n": 20}, g=1.0)
    assert np.isclose(net.params["0.m"].std(), 1, rtol=0.05) and np.isclose(net.params["0.n"].std(), 1 / 150, rtol=0.05)
    assert np.isclose(net.params["0.chi"].std(), 150**-0.5, rtol=0.05)
