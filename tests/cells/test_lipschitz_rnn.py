"""LipschitzRNN: states meet where the paper's condition of stability holds."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network


def symmetric(M, beta, gamma):
    return (1 - beta) * (M + M.T) - gamma * np.eye(len(M))


def matrix(M, beta, gamma):
    return symmetric(M, beta, gamma) + beta * (M - M.T)


@pytest.mark.parametrize("seed", range(4))
def test_states_meet_exponentially_under_the_papers_condition(seed):
    """The largest eigenvalue of A's symmetric part below minus the norm of W_h."""
    beta, epsilon = 0.8, 0.005
    net = network(el.cells.lipschitz_rnn, scale=0.3, seed=seed, beta=beta, epsilon=epsilon, gamma_A=4.0, gamma_W=0.1)
    top = np.linalg.eigvalsh(symmetric(net.params["0.M_A"], beta, 4.0)).max()
    norm = np.linalg.norm(matrix(net.params["0.M_W"], beta, 0.1), 2)
    assert top < -norm  # else this is no test
    random, x = np.random.default_rng(seed), inputs(800)
    a, b = (net(x, state=[(random.normal(size=(1, 8)),)])[0] for _ in range(2))
    distance = np.linalg.norm(a - b, axis=-1)
    rate = np.diff(np.log(distance)).max()
    assert rate < epsilon * (top + norm) * 0.5 < 0
    assert distance[-1] < 0.05 * distance[0]


def test_without_the_condition_states_part():
    net = network(el.cells.lipschitz_rnn, scale=0.3, beta=0.5, epsilon=0.05, gamma_A=0.0, gamma_W=0.0)
    assert np.linalg.eigvalsh(symmetric(net.params["0.M_A"], 0.5, 0)).max() > 0
    random, x = np.random.default_rng(0), inputs(300)
    a, b = (net(x, state=[(random.normal(size=(1, 8)) * 1e-3,)])[0] for _ in range(2))
    assert np.linalg.norm(a[-1] - b[-1]) > 10 * np.linalg.norm(a[0] - b[0])


def test_initial_values():
    net = el.Network(30, [el.Recurrent(el.cells.lipschitz_rnn, 100)], dtype=np.float64)
    for name in ("0.M_A", "0.M_W"):
        assert np.isclose(net.params[name].std(), 1 / 100, rtol=0.05)
    assert np.abs(net.params["0.W"]).max() <= 30**-0.5
