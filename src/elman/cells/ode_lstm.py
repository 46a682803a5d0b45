"""The LSTM whose output follows a differential equation between steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.cells.elapsed import elapsed
from elman.cells.options import one_of, solver_steps
from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def ode_lstm(p, x, h, c, *, solver="rk4", unfolds=3, step=1.0):
    """ODE-LSTM: an LSTM whose output moves on by a learnt differential equation, for the time to the next step.

    For signals at irregular times with long memory: the cell state, which holds the memory, is the LSTM's own and no
    equation makes its gradient vanish. The time is `step`, the same for all, or with ``step="input"`` the last feature
    of the input, which is 0 or more. It is solved in `unfolds` steps of `solver`, ``"euler"``, ``"heun"`` or ``"rk4"``,
    of one, two or four evaluations each.

    Parameters ``W_k`` (H, F), without the time, ``U_k`` (H, H), ``b_k`` (H) for k in i, f, g, o; of the equation
    ``dh/dt = W_2 tanh(W_1 h + b_1) + b_2``, ``W_1`` (S, H), ``b_1`` (S), ``W_2`` (H, S), ``b_2`` (H), with S = H or
    ``sizes={"W_1": S}``. The forget bias starts at 1.

    The solver starts at the LSTM's output, as in the authors' code for PyTorch, whose defaults these are.

    Reference: M. Lechner and R. Hasani, Learning long-term dependencies in irregularly-sampled time series, arXiv
    2006.04418 (2020).
    """
    solve, unfolds = SOLVERS[one_of(solver, "solver", SOLVERS)], solver_steps(unfolds)
    now, t = elapsed(x, step)
    i = sigmoid(p.W_i @ now + p.U_i @ h + p.b_i)
    f = sigmoid(p.W_f @ now + p.U_f @ h + p.b_f)
    g = tanh(p.W_g @ now + p.U_g @ h + p.b_g)
    o = sigmoid(p.W_o @ now + p.U_o @ h + p.b_o)
    c = f * c + i * g
    dt = t / unfolds
    y = o * tanh(c)
    for _ in range(unfolds):
        y = solve(lambda y: p.W_2 @ tanh(p.W_1 @ y + p.b_1) + p.b_2, y, dt)
    return y, c


def _euler(slope: Callable[[Any], Any], y: Any, dt: Any) -> Any:
    return y + dt * slope(y)


def _heun(slope: Callable[[Any], Any], y: Any, dt: Any) -> Any:
    first = slope(y)
    return y + dt * 0.5 * (first + slope(y + dt * first))


def _rk4(slope: Callable[[Any], Any], y: Any, dt: Any) -> Any:
    first = slope(y)
    second = slope(y + dt * 0.5 * first)
    third = slope(y + dt * 0.5 * second)
    return y + dt / 6 * (first + 2 * second + 2 * third + slope(y + dt * third))


SOLVERS = {"euler": _euler, "heun": _heun, "rk4": _rk4}
