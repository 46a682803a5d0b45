"""AntisymmetricRNN: the Jacobian's eigenvalues lie near the unit circle, whatever the weights."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network, product, step_matrices

CELLS = [el.cells.antisymmetric_rnn, el.cells.gated_antisymmetric_rnn]


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_the_differential_equation_has_eigenvalues_near_the_imaginary_axis(cell, scale):
    """(J - 1) / epsilon at rest is U - U.T - gamma (half of it behind the open gate of a bias of 0)."""
    net = network(cell, 10, scale=scale, epsilon=0.05, gamma=0.2)
    x = np.zeros((1, 1, 3))
    for bias in [name for name in net.params if ".b" in name]:
        net.params[bias] = 0
    found = np.linalg.eigvals((step_matrices(net, x)[0] - np.eye(10)) / 0.05)
    gate = 0.5 if cell is CELLS[1] else 1.0
    np.testing.assert_allclose(found.real, -0.2 * gate, atol=1e-9)
    U = net.params["0.U"]
    np.testing.assert_allclose(np.sort(found.imag), np.sort(np.linalg.eigvals(U - U.T).imag) * gate, atol=1e-9)


def test_gradients_reach_far_where_those_of_a_simple_cell_explode_or_vanish():
    x = inputs(1000)
    mine = product(step_matrices(network(CELLS[0], scale=0.4, epsilon=0.01, gamma=0.01), x))
    simple = product(step_matrices(network(el.cells.simple, scale=0.4), x))
    kept, lost = (np.linalg.svd(J, compute_uv=False) for J in (mine, simple))
    assert 0.05 < kept.max() < 20
    assert lost.max() < 1e-10


def test_without_diffusion_nothing_is_damped():
    """The step of Euler's method has |1 + i epsilon w| above 1 in all its eigenvalues: what gamma is there for."""
    net = network(CELLS[0], scale=1.0, epsilon=0.1, gamma=0.0)
    net.params["0.b"] = 0
    modulus = np.abs(np.linalg.eigvals(step_matrices(net, np.zeros((1, 1, 3)))[0]))
    assert (modulus > 1).all()


def test_initial_values():
    net = el.Network(50, [el.Recurrent(CELLS[1], 200)], dtype=np.float64)
    assert np.isclose(net.params["0.U"].std(), 200**-0.5, rtol=0.05)
    for name in ("0.W", "0.W_z"):
        assert np.isclose(net.params[name].std(), 50**-0.5, rtol=0.05)
    assert not net.params["0.b"].any() and not net.params["0.b_z"].any()
