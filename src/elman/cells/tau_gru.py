"""The gated unit with weighted feedback from a time ago."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, whole
from elman.equations import cell, concat, sigmoid, split, tanh

MOST = 1000  # steps of delay


@cell
def tau_gru(p, x, h, past, *, delay=5, bias=True):
    """tau-GRU: a gated unit that also sees its state of some steps ago, as much as a second gate lets it.

    The delay is a shortcut for gradients through time, a fifth of the steps for a delay of five: for dependencies over
    a known span, such as a period. Memory for ``delay`` states.

    Parameters ``W_k`` (H, F), ``U_k`` (H, H) and ``b_k`` (H) for k in u (candidate of now), z (candidate of the past
    state), g (gate that lets both in) and a (weight of the second); no ``b`` with ``bias=False``. ``delay`` is how many
    steps ago the past state was, before the last one, a number that the paper chooses by the task. The state ``past``
    holds the states before the last one, latest first, ``delay H`` values.

    Reference: N. B. Erichson, S. H. Lim and M. W. Mahoney, Gated recurrent neural networks with weighted time-delay
    feedback, AISTATS 2025.
    """
    delay, bias = whole(delay, "delay", most=MOST), flag(bias, "bias")
    before = split(past, delay)
    u = tanh(plus(p.W_u @ x + p.U_u @ h, bias and p.b_u))
    z = tanh(plus(p.W_z @ x + p.U_z @ before[-1], bias and p.b_z))
    g = sigmoid(plus(p.W_g @ x + p.U_g @ h, bias and p.b_g))
    a = sigmoid(plus(p.W_a @ x + p.U_a @ h, bias and p.b_a))
    return (1 - g) * h + g * (u + a * z), concat(h, *before[:-1])
