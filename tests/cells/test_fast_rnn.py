"""FastRNN and FastGRNN: gradients stay well conditioned; a gate costs a bias; thin matrices."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.drawn import inputs, network, product, step_matrices


@pytest.mark.parametrize("T", [10, 100, 1000])
def test_gradients_are_well_conditioned_while_a_times_T_is_about_one(T):
    """The paper's bound on the condition number: ((1 + a/b |U|) / (1 - a/b |U|))**T."""
    net = network(el.cells.fast_rnn, scale=0.2)
    a = 0.5 / T
    net.params["0.alpha"], net.params["0.beta"] = np.log(a / (1 - a)), np.log((1 - a) / a)
    norm = np.linalg.norm(net.params["0.U"], 2) * a / (1 - a)
    found = np.linalg.svd(product(step_matrices(net, inputs(T))), compute_uv=False)
    assert found[0] / found[-1] <= ((1 + norm) / (1 - norm)) ** T < 10
    assert found[-1] > 0.3 and found[0] < 3


def test_fast_grnn_has_the_parameters_of_a_simple_cell_and_one_bias_more():
    count = {cell.name: network(cell, 20, 7).arena.size for cell in (el.cells.simple, el.cells.fast_grnn)}
    assert count["fast_grnn"] == count["simple"] + 20 + 2


def test_thin_matrices_are_those_of_their_products():
    sizes = {"W_2": 2, "U_2": 3}
    thin = network(el.cells.fast_grnn, 9, 4, scale=0.5, sizes=sizes, low_rank=True)
    assert thin.params["0.W_1"].shape == (9, 2) and thin.params["0.U_2"].shape == (3, 9)
    initial = {name: thin.params[f"0.{name}"] for name in ("b_z", "b_h", "zeta", "nu")}
    initial |= {name: thin.params[f"0.{name}_1"] @ thin.params[f"0.{name}_2"] for name in "WU"}
    x = inputs(12, features=4)
    np.testing.assert_allclose(thin(x), network(el.cells.fast_grnn, 9, 4, initial=initial)(x), atol=1e-12)


def test_initial_values():
    net = network(el.cells.fast_rnn, 100, 50)
    assert net.params["0.alpha"] == -3 and net.params["0.beta"] == 3 and (net.params["0.b"] == 1).all()
    gated = network(el.cells.fast_grnn, 100, 50)
    assert gated.params["0.zeta"] == 1 and gated.params["0.nu"] == -4 and (gated.params["0.b_z"] == 1).all()
    for one in (net, gated):
        assert np.isclose(one.params["0.U"].std(), 0.1, rtol=0.05)
        assert np.isclose(one.params["0.W"].std(), 0.1, rtol=0.05)
