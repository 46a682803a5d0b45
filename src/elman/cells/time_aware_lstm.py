"""The time-aware LSTM."""

from __future__ import annotations

import math

from elman.cells.elapsed import elapsed
from elman.cells.options import one_of
from elman.equations import cell, log, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def time_aware_lstm(p, x, h, c, *, decay="log", step=1.0):
    """T-LSTM: an LSTM that discounts the short-term part of its memory by the time since the last step.

    For records at irregular times, such as visits. A part ``s`` of the cell state, which is learnt, fades with
    the time; the rest stays. The time is `step`, the same for all, or with ``step="input"`` the last feature of the
    input, which is 0 or more. `decay` is ``"log"``, ``1 / log(e + t)``, for long times, or ``"inverse"``, ``1 / t``,
    for short ones, which are 1 or more: below it would grow.

    Parameters ``W_d`` (H, H), ``b_d`` (H) of the short-term part; ``W_k`` (H, F), without the time, ``U_k`` (H, H),
    ``b_k`` (H) for k in i, f, g, o. The forget bias starts at 1.

    The authors' code differs from the paper: its short-term part is a sigmoid of the cell state, the paper's a tanh.

    Reference: I. M. Baytas, C. Xiao, X. Zhang, F. Wang, A. K. Jain and J. Zhou, Patient subtyping via time-aware LSTM
    networks, KDD 2017.
    """
    slow = one_of(decay, "decay", ("log", "inverse")) == "log"
    now, t = elapsed(x, step, 0.0 if slow else 1.0)
    share = 1 / log(math.e + t) if slow else 1 / t
    s = tanh(p.W_d @ c + p.b_d)
    kept = c - s + s * share
    i = sigmoid(p.W_i @ now + p.U_i @ h + p.b_i)
    f = sigmoid(p.W_f @ now + p.U_f @ h + p.b_f)
    g = tanh(p.W_g @ now + p.U_g @ h + p.b_g)
    o = sigmoid(p.W_o @ now + p.U_o @ h + p.b_o)
    c = f * kept + i * g
    return o * tanh(c), c
