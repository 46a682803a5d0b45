"""CFN: without input every state relaxes to 0, so that there is no chaos, which a simple cell and an LSTM can have."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import lyapunov_spectrum
from tests.cells.drawn import network


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_states_relax_to_zero_whatever_the_weights(scale, seed):
    net = network(el.cells.cfn, scale=scale, seed=seed)
    first = np.random.default_rng(seed).normal(size=(3, 8)) * 5
    h = np.abs(net(np.zeros((3, 4000, 3)), state=[(first,)]))
    assert (h[:, 1:] <= h[:, :-1]).all() and (h[:, 0] <= np.abs(first)).all()
    assert h[:, -1].max() < 0.05


def test_there_is_no_chaos_where_a_simple_cell_has_it():
    x = np.zeros((1, 400, 3))
    first = [(np.random.default_rng(2).normal(size=(1, 30)),)]
    found = {}
    for cell in (el.cells.cfn, el.cells.simple):
        net = network(cell, 30, scale=0.6)
        found[cell.name] = lyapunov_spectrum(net, x, state=first, burn_in=100).exponents[0]
    assert found["simple"] > 0.05
    assert found["cfn"] < 0


def test_initial_values():
    params = network(el.cells.cfn).params
    assert (params["0.b_theta"] == 1).all() and (params["0.b_eta"] == -1).all()
