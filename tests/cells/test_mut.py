"""MUT1-3: which gate sees what, and the forms with an input as wide as the state."""

from __future__ import annotations

import numpy as np
import pytest

from elman.cells import gru, mut1, mut2, mut3
from tests.cells.dynamics import H, copied, data, layer, names, put


@pytest.mark.parametrize(("cell", "matrix"), [(mut1, "W_n"), (mut2, "W_r")], ids=["mut1", "mut2"])
def test_projected_by_the_identity_is_the_papers_form(cell, matrix):
    own = layer(cell, H, projected=False)
    assert names(cell) - names(cell, projected=False) == {matrix}
    np.testing.assert_allclose(
        put(copied(own, layer(cell, H)), **{matrix: np.eye(H)})(data(features=H)), own(data(features=H))
    )


def test_the_update_gate_of_the_first_does_not_see_the_state():
    """So a state that the candidate does not see decays alike whatever it is."""
    net, x = put(layer(mut1), U_n=0), data()
    start = np.random.default_rng(3).normal(size=(2, 5, H))
    apart = net(x, state=start[0]) - net(x, state=start[1])
    z = 1 / (1 + np.exp(-(x @ net.params["0.W_z"].T + net.params["0.b_z"])))
    np.testing.assert_allclose(apart, np.cumprod(1 - z, axis=1) * (start[0] - start[1])[:, None], atol=1e-12)
    assert "U_z" in names(mut2) and "U_z" not in names(mut1)


@pytest.mark.parametrize("size", [1e-1, 1e-2])
def test_the_third_is_a_gru_of_small_states(size):
    """``tanh(h) = h - h**3 / 3``; its gate lets in what the GRU's keeps out."""
    net = layer(mut3)
    other = copied(net, layer(gru, reset_after=False))
    put(other, **{k: -net.params[f"0.{k}"] for k in ("W_z", "U_z", "b_z")})
    h = np.full((5, H), size)
    apart = np.abs(net(data(steps=1), state=h) - other(data(steps=1), state=h)).max()
    assert 0 < apart < size**3
