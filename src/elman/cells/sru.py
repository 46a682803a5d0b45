"""The simple recurrent unit."""

from __future__ import annotations

from elman.checks import flag, real
from elman.equations import cell, sigmoid


@cell
def sru(p, x, c, *, projected=True, alpha=1.0):
    """SRU: a gated running mean of linear features, with a highway around it, and no matrix that multiplies a state.

    All products are hoisted out of the time loop, so that it is as fast as a convolution; the highway lets stacks of
    ten layers train. Where an LSTM is too slow; use several layers.

    Parameters ``W`` (H, F) of the features; ``W_f`` (H, F), ``v_f`` (H), ``b_f`` (H) of the forget gate, whose ``v_f``
    multiplies the state value by value, and ``W_r v_r b_r`` of the highway's gate. The highway carries the input, which
    must be as wide as the state: ``W_x`` (H, F) brings it there, the fourth product of the authors' code where widths
    differ; with ``projected=False`` there is none, as in the paper's equations, and F must be H. ``alpha`` multiplies
    what it carries: 1 in the paper's equations, ``sqrt(1 + 2 exp(b))`` with its scaling correction where ``b_r`` starts
    at b (1.73 for 0).

    Reference: T. Lei, Y. Zhang, S. I. Wang, H. Dai and Y. Artzi, Simple recurrent units for highly parallelizable
    recurrence, EMNLP 2018, eq. 1-4.
    """
    alpha = real(alpha, "alpha", 0)
    v = p.W_x @ x if flag(projected, "projected") else x
    f = sigmoid(p.W_f @ x + p.v_f * c + p.b_f)
    r = sigmoid(p.W_r @ x + p.v_r * c + p.b_r)
    c = f * c + (1 - f) * (p.W @ x)
    h = r * c + (1 - r) * (v if alpha == 1 else alpha * v)
    return h, c
