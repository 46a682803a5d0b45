"""ODE-LSTM: the output moves on with time, the memory does not."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import ode_lstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def test_without_time_passing_it_is_an_lstm():
    timed, plain = of(ode_lstm, 4, 5, step="input"), of(el.cells.lstm, 3, 5)
    for name in plain.params:
        plain.params[name] = timed.params[name]
    x = RANDOM.normal(size=(2, 6, 3))
    np.testing.assert_allclose(timed(np.concatenate([x, np.zeros((2, 6, 1))], -1)), plain(x), rtol=1e-10)


def test_time_moves_the_output_and_not_the_memory():
    """The path through the cell state, which holds what is long ago, is an LSTM's: d c' / d c is the forget gate."""
    net = of(ode_lstm, 3, 5, step="input")
    short, long = (np.array([[[1.0, -1.0, time]]]) for time in (0.1, 9.0))
    J = el.insight.jacobians(net, long)["c/c"][0, 0]
    np.testing.assert_allclose(J, np.diag(net.trace(long)["f"][0, 0]), atol=1e-14)
    np.testing.assert_allclose(net.trace(long)["c"], net.trace(short)["c"])
    assert np.abs(net(long) - net(short)).max() > 0.01


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2), ("rk4", 4)])
def test_solvers_converge_with_their_order(solver, order):
    def solution(solver: str, unfolds: int) -> np.ndarray:
        return of(ode_lstm, 2, 4, solver=solver, unfolds=unfolds, step=1.0)(np.ones((1, 1, 2)))

    exact = solution("rk4", 16)
    errors = [np.abs(solution(solver, n) - exact).max() for n in (2, 4)]
    assert abs(np.log2(errors[0] / errors[1]) - order) < 0.4


def test_what_it_refuses():
    for wrong in ({"solver": "dopri5"}, {"unfolds": 0}, {"step": "now"}):
        with pytest.raises(el.OptionError, match=next(iter(wrong))):
            of(ode_lstm, 3, 4, **wrong)
