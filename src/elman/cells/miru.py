"""Minion recurrent units: a GRU whose gates are numbers."""

from __future__ import annotations

from elman.checks import real
from elman.equations import cell, sigmoid, tanh


@cell
def miru1(p, x, h, *, update=0.5):
    """MiRU-1, the minion recurrent unit: a GRU whose update gate is one fixed number.

    For learning on small devices and of one task after another; all units have the same time scale, so that memory over
    long gaps is not to be expected.

    Parameters ``W_r U_r b_r`` of the reset gate and ``W_n U_n b_n`` of the candidate; matrices (H, F) and (H, H),
    biases (H). ``update`` is how much of the old state is kept, which the paper chooses by the task (lambda there).

    Reference: A. M. Zyarah and D. Kudithipudi, Minion gated recurrent unit for continual learning, Neurocomputing
    (2026).
    """
    update = real(update, "update", 0, 1)
    r = sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    n = tanh(p.W_n @ x + p.U_n @ (r * h) + p.b_n)
    return update * h + (1 - update) * n


@cell
def miru2(p, x, h, *, update=0.5, reset=0.5):
    """MiRU-2, the minion recurrent unit: a GRU both of whose gates are fixed numbers.

    A third of the GRU's parameters: a leaky simple cell. For learning on small devices and of one task after another;
    all units have the same time scale, so that memory over long gaps is not to be expected.

    Parameters ``W_n`` (H, F), ``U_n`` (H, H), ``b_n`` (H) of the candidate. ``update`` is how much of the old state is
    kept, ``reset`` how much of it the candidate sees; the paper chooses both by the task (lambda and beta there).

    Reference: A. M. Zyarah and D. Kudithipudi, Minion gated recurrent unit for continual learning, Neurocomputing
    (2026).
    """
    update, reset = real(update, "update", 0, 1), real(reset, "reset", 0)
    n = tanh(p.W_n @ x + p.U_n @ (reset * h) + p.b_n)
    return update * h + (1 - update) * n
