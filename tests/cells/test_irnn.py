"""IRNN: a new network holds its state, adds its inputs, and lets gradients through."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import inputs, network, product, step_matrices


def test_a_new_network_adds_its_inputs():
    net = network(el.cells.irnn)
    x, first = inputs(300), np.full((1, 8), 5.0)
    np.testing.assert_allclose(net(x, state=[(first,)])[0, -1], 5 + x[0].sum(0) @ net.params["0.W"].T, rtol=1e-10)


def test_gradients_pass_unchanged_through_units_that_are_on():
    J = product(step_matrices(network(el.cells.irnn), inputs(300), state=[(np.full((1, 8), 5.0),)]))
    np.testing.assert_array_equal(J, np.eye(8))


def test_initial_values():
    net = network(el.cells.irnn, 100, 40)
    np.testing.assert_array_equal(net.params["0.U"], np.eye(100))
    assert np.isclose(net.params["0.W"].std(), 0.001, rtol=0.05) and not net.params["0.b"].any()
