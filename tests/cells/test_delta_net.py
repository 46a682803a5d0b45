"""DeltaNet: what is stored under a key is replaced, and the rest stays."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import delta_net
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)
A, B = [1.0, 1.0], [-1.0, 1.0]  # keys of which the projection has one feature each


def memory(**options) -> el.Network:
    """Input: a key of 2, a value of 3, and whether to write (the share beta is then 1)."""
    key, value = np.eye(2, 6), np.eye(3, 6, 2)
    start = {"W_k": key, "W_q": key, "W_v": value, "w_beta": [0, 0, 0, 0, 0, 80.0], "b_beta": -40.0}
    return of(delta_net, 6, 3, sizes={"W_k": 2, "W_q": 2}, initial=start, **options)


def test_a_value_that_is_written_again_replaces_the_first():
    v = RANDOM.normal(size=(3, 3))
    nothing = [9.0, 9.0, 9.0]
    x = [[*A, *v[0], 1], [*B, *v[1], 1], [*A, *v[2], 1], [*A, *nothing, 0], [*B, *nothing, 0]]
    found = memory(epsilon=1e-12)(np.array([x]))[0]
    np.testing.assert_allclose(found, [v[0], v[1], v[2], v[2], v[1]], rtol=1e-9, atol=1e-12)


def test_the_memory_moves_towards_the_new_value_by_beta():
    net = memory(epsilon=1e-12)
    net.params["0.b_beta"], net.params["0.w_beta"] = np.log(0.25 / 0.75), 0.0
    x = np.array([[[*A, 1.0, 2.0, 4.0, 0]] * 3])
    np.testing.assert_allclose(net(x)[0, :, 2], 4 * (1 - 0.75 ** np.array([1, 2, 3])), rtol=1e-9)


@pytest.mark.parametrize("nu", [1, 2, 3])
def test_features_are_products_of_the_positive_parts_and_sum_to_1(nu):
    net = of(delta_net, 4, 3, nu=nu, sizes={"W_k": 4, "W_q": 4}, initial={"W_k": np.eye(4)})
    x = RANDOM.normal(size=(1, 1, 4))
    r = np.maximum(np.concatenate([x[0, 0], -x[0, 0]]), 0)
    expected = np.array([r[i] * r[(i + j) % 8] for j in range(1, nu + 1) for i in range(8)])
    np.testing.assert_allclose(net.trace(x)["k"][0, 0], expected / (expected.sum() + 1e-6), rtol=1e-12)


def test_a_key_without_features_writes_nothing():
    """All products are 0 of signs that change everywhere, such as + - + and the opposite."""
    net = of(delta_net, 3, 2, sizes={"W_k": 3, "W_q": 3}, initial={"W_k": np.eye(3)})
    assert not net(np.array([[[1.0, -1.0, 1.0]]])).any()
    with pytest.raises(el.OptionError, match="nu"):
        of(delta_net, 3, 2, nu=0)
