"""Bistable cells: two stable values where the gain is above 1, one where it is below."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network

CELLS = [el.cells.brc, el.cells.nbrc]


def settled(cell, gain, first):
    """Where a unit ends that is left alone for long, with a fixed gain a."""
    net = network(cell, 4, scale=0.0, bias=True)
    net.params["0.b_a"] = np.arctanh(gain - 1)
    return net(np.zeros((1, 3000, 3)), state=[(np.full((1, 4), first),)])[0, -1]


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_a_gain_above_one_makes_two_lasting_values(cell):
    up, down = settled(cell, 1.5, 0.01), settled(cell, 1.5, -0.01)
    np.testing.assert_allclose(up, np.tanh(1.5 * up), atol=1e-9)
    assert (up > 0.8).all()
    np.testing.assert_allclose(down, -up, atol=1e-9)


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_a_gain_below_one_forgets(cell):
    assert np.abs(settled(cell, 0.9, 0.9)).max() < 1e-9


def test_units_of_the_brc_do_not_see_one_another():
    net = network(el.cells.brc, 5, scale=0.8)
    x, first = inputs(20), np.zeros((1, 5))
    moved = first.copy()
    moved[0, 2] = 0.5
    difference = net(x, state=[(moved,)]) - net(x, state=[(first,)])
    assert difference[0, :, 2].all() and not difference[0, :, [0, 1, 3, 4]].any()


def test_initial_values():
    params = network(el.cells.brc).params
    assert (params["0.u_a"] == 1).all() and (params["0.u_c"] == 1).all()
    assert sorted(params) == ["0.W", "0.W_a", "0.W_c", "0.u_a", "0.u_c"]
    bound = np.sqrt(6 / 200)
    assert 0.95 * bound < np.abs(network(el.cells.nbrc, 100).params["0.U_a"]).max() <= bound
