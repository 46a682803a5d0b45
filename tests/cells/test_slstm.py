"""sLSTM: exponential gates that never overflow, and an output that the stabiliser does not touch."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import slstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("forget", ["sigmoid", "exp"])
def test_the_stabiliser_does_not_change_the_output(forget):
    net, x = of(slstm, 3, 4, forget=forget), RANDOM.normal(size=(2, 6, 3))
    h, c = RANDOM.normal(size=(2, 2, 4))
    n, m = 1 + RANDOM.random((2, 2, 4))
    moved = 3 * RANDOM.normal(size=(2, 4))
    state = [(h, c * np.exp(-moved), n * np.exp(-moved), m + moved)]
    np.testing.assert_allclose(net(x, state=state), net(x, state=[(h, c, n, m)]), rtol=1e-10)


@pytest.mark.parametrize("forget", ["sigmoid", "exp"])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_output_is_a_weighted_mean_however_large_the_gates_are(size, forget):
    net = of(slstm, 3, 4, forget=forget, dtype=np.float32)
    for gate in "if":
        net.params[f"0.W_{gate}"] = size * net.params[f"0.W_{gate}"]
    x = RANDOM.normal(size=(3, 200, 3)).astype(np.float32)
    seen = net.trace(x)
    assert (np.abs(seen["c"] / seen["n"]) <= 1 + 1e-5).all() and (seen["n"] > 0.99).all()  # 1 but for rounding
    gradients, _, _ = net.backward(x, np.ones((3, 200, 4), np.float32))
    assert all(np.isfinite(gradients[name]).all() for name in net.params)


@pytest.mark.parametrize("bias", [-300.0, 300.0])
def test_the_first_step_stores_its_candidate_whatever_the_gates_say(bias):
    """c / n is z: also where the input gate is exp(-300), 0 in float32."""
    net = of(slstm, 3, 4, dtype=np.float32, initial={"b_i": bias})
    seen = net.trace(np.ones((1, 1, 3), np.float32))
    np.testing.assert_allclose(seen["h"], seen["o"] * seen["z"], rtol=1e-5)


def test_it_can_revise_what_it_stored():
    """A gate of e^20 against e^0: the new candidate outweighs 50 steps, as no sigmoid gate can."""
    net = of(slstm, 1, 2, initial={"W_i": 20.0, "b_f": 40.0, **{f"U_{k}": 0.0 for k in "ifzo"}})
    x = np.zeros((1, 51, 1))
    x[0, -1] = 1.0
    seen = net.trace(x)
    np.testing.assert_allclose((seen["c"] / seen["n"])[0, -1], seen["z"][0, -1], rtol=1e-6)


def test_heads_do_not_see_one_another():
    net = of(slstm, 3, 4, heads=2)
    assert net.params["0.U_i"].shape == (4, 2)
    np.testing.assert_array_equal(net.params["0.b_f"], [3.0, 4.0, 5.0, 6.0])
    J = el.insight.jacobians(net, RANDOM.normal(size=(1, 4, 3)))["h/h"][0, -1]
    assert not J[:2, 2:].any() and not J[2:, :2].any() and J[:2, :2].all()


def test_what_it_refuses():
    for wrong in ({"forget": "relu"}, {"heads": 0}):
        with pytest.raises(el.OptionError, match=next(iter(wrong))):
            of(slstm, 3, 4, **wrong)
    with pytest.raises(el.ElmanError):
        of(slstm, 3, 4, heads=3)
