"""The reductions of the minimal gated unit are what is left of it without the input, the bias, and the state."""

from __future__ import annotations

import numpy as np
import pytest

from elman.cells import gru, mgu, mgu1, mgu2, mgu3
from tests.cells.dynamics import F, H, copied, data, jacobian, layer, put, sigmoid

GONE = {mgu1: {"W_f": 0}, mgu2: {"W_f": 0, "b_f": 0}, mgu3: {"W_f": 0, "U_f": 0}}


@pytest.mark.parametrize("reduced", GONE, ids=lambda c: c.name)
def test_a_reduction_is_mgu_without_what_it_leaves_out(reduced):
    whole = put(layer(mgu), **GONE[reduced])
    np.testing.assert_array_equal(copied(whole, layer(reduced))(data()), whole(data()))


def test_they_save_as_many_parameters_as_the_papers_say():
    count = {c: layer(c).arena.size for c in (gru, mgu, mgu1, mgu2, mgu3)}
    assert count[mgu] * 3 == layer(gru, reset_after=False).arena.size * 2
    assert [count[mgu] - count[c] for c in (mgu1, mgu2, mgu3)] == [H * F, H * F + H, H * F + H * H]


def test_the_gate_of_the_third_is_one_rate_a_unit():
    net = put(layer(mgu3), U_n=0)
    J = jacobian(net, data(5, 1)[:, 0], np.random.default_rng(2).normal(size=(5, H)))
    np.testing.assert_allclose(J, np.broadcast_to(np.diag(1 - sigmoid(net.params["0.b_f"])), J.shape), atol=1e-12)
