"""LTC: bounded states and time constants, and a solver that follows the equation."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import ltc
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("unfolds", [1, 6])
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_states_stay_between_0_and_a(unfolds, scale):
    net = of(ltc, 3, 8, unfolds=unfolds, step=50.0)
    net.params.restore(RANDOM.normal(scale=2, size=net.arena.size))
    A = net.params["0.A"]
    h = net(scale * RANDOM.normal(size=(4, 50, 3)))
    assert (h >= np.minimum(A, 0) - 1e-12).all() and (h <= np.maximum(A, 0) + 1e-12).all()
    assert np.abs(h).max() > 0.1 * np.abs(A).max()


def test_more_steps_of_the_solver_come_nearer_to_the_equation():
    def solution(unfolds: int) -> np.ndarray:
        net = of(ltc, 3, 4, unfolds=unfolds, seed=1, initial={"A": [1.0, -2.0, 3.0, -1.0]})
        return net(np.ones((1, 2, 3)))[0, -1]

    fine = of(ltc, 3, 4, unfolds=1, step=1e-3, seed=1, initial={"A": [1.0, -2.0, 3.0, -1.0]})
    exact = fine(np.ones((1, 2000, 3)))[0, -1]
    errors = [np.abs(solution(n) - exact).max() for n in (4, 8, 16)]
    assert errors[0] > 1e-3  # the step is a first-order one
    np.testing.assert_allclose(errors[:2], [2 * errors[1], 2 * errors[2]], rtol=0.15)


def test_it_is_an_equation_whose_rate_is_1_over_tau_plus_f():
    net = of(ltc, 3, 4, unfolds=1, step=5e-4)
    start, x = RANDOM.normal(size=(1, 4)), RANDOM.normal(size=(1, 1, 3))
    net.params["0.U"] = 0.0  # then f stands still and the equation is linear
    net.params["0.A"] = A = RANDOM.normal(size=4)
    f = 1 / (1 + np.exp(-(net.params["0.W"] @ x[0, 0] + net.params["0.b"])))
    tau = np.log1p(np.exp(net.params["0.tau"]))
    np.testing.assert_allclose(tau, 1, rtol=1e-4)
    end = f * A / (1 / tau + f)
    expected = end + (start - end) * np.exp(-0.5 * (1 / tau + f))
    np.testing.assert_allclose(net(x.repeat(1000, 1), state=[(start,)])[0, -1], expected[0], rtol=1e-3)


def test_what_it_refuses():
    with pytest.raises(el.OptionError, match="unfolds"):
        of(ltc, 3, 4, unfolds=0)
