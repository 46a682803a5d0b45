"""Batches of different sizes one after another: what an engine computed before leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el


@pytest.mark.parametrize("layer", [el.GRU(6), el.BatchNorm()], ids=["vectors", "moments"])
def test_a_batch_does_not_depend_on_the_one_before(layer):
    """Summed by units of rows, of which a last group of rows has fewer than the others."""
    x = np.random.default_rng(0).normal(size=(40, 5, 3))

    def network():
        return el.Network(3, [layer, el.Dense(1)], threads=1)

    used = network()
    for rows in (40, *range(39, 0, -1), *range(1, 41)):
        fresh = network()
        expected, found = (net.loss_and_grads(x[:rows], x[:rows, :, :1]) for net in (fresh, used))
        assert found[0] == expected[0]
        for name in fresh.params:
            np.testing.assert_array_equal(found[1][name], expected[1][name], err_msg=f"{name} of {rows} rows")
