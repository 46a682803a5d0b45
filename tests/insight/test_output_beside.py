"""Diagnostics of a layer with an output beside its states, against the same layer with a state more."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

RANDOM = np.random.default_rng(0)
X, STATE = RANDOM.normal(size=(3, 8, 2)), [(RANDOM.normal(size=(3, 4)),)]


def read_out(p, x, h):
    h = el.tanh(p.W @ x + p.U @ h + p.b)
    return p.V @ h + p.D @ x, h


BESIDE, AS_STATE = el.cell(read_out), el.cell(lambda p, x, y, h: read_out(p, x, h))


def pair(last: bool) -> tuple[el.Network, el.Network]:
    how = {"return_sequences": not last}
    one = el.Recurrent(BESIDE, 4, sizes={"output": 3}, **how)
    other = el.Recurrent(AS_STATE, 3, sizes={"h": 4}, **how)
    nets = [el.Network(2, [layer, el.Dense(2)], dtype="float64") for layer in (one, other)]
    nets[1].params.restore(nets[0].arena)
    return nets[0], nets[1]


@pytest.mark.parametrize("last", [False, True])
def test_gradients_flow_as_through_a_state_more(last):
    one, other = pair(last)
    target = RANDOM.normal(size=(3, 2) if last else (3, 8, 2))
    mine = el.insight.gradient_flow(one, X, target, state=STATE)
    theirs = el.insight.gradient_flow(other, X, target, state=[(np.zeros((3, 3)), *STATE[0])])
    np.testing.assert_allclose(mine.norms, theirs.norms, rtol=1e-10)
    np.testing.assert_allclose(mine.pairs, theirs.pairs, rtol=1e-10, atol=1e-14)
    assert set(mine.by_state) == {"y", "h"} and mine.loss == pytest.approx(theirs.loss, rel=1e-12)
    _, grads = one.loss_and_grads(X, target)
    zero = el.insight.gradient_flow(one, X, target)
    for name, steps in zero.by_parameter.items():
        np.testing.assert_allclose(steps.sum(axis=0), grads[name], rtol=0, atol=1e-12, err_msg=name)


def test_of_a_training():
    flows = []
    for net in pair(False):
        flows.append(el.insight.GradientFlowCallback(every=2))
        net.fit(X, X, epochs=4, batch_size=3, callbacks=[flows[-1]], verbose=0)
    np.testing.assert_allclose(flows[0].norms, flows[1].norms, rtol=1e-10)


def test_dynamics_are_those_of_the_states():
    net, _ = pair(False)
    assert el.insight.jacobians(net, X)["h/h"].shape[-2:] == (4, 4)
    assert el.insight.lyapunov_spectrum(net, steps=50, burn_in=10).exponents.shape == (4,)
    assert el.insight.fixed_points(net, RANDOM.normal(size=(5, 4))).points.shape[1] == 4
    assert el.insight.equivalence(net, net).same
    assert el.insight.memory(net, X).to_initial_state.shape == (8,)
    assert set(el.insight.units(net, X)) == {"0.h", "0.y", "1.y", "h", "y"}
    assert "Not computed" not in el.insight.report(net, X).html()
