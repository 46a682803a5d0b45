"""The addition-subtraction twin-gated recurrent network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid


@cell
def atr(p, x, h, *, bias=False):
    """ATR: two gates of one sum and one difference, with the two matrices of a simple cell.

    The fewest matrices of any cell with an input and a forget gate. The state is a weighted sum of the inputs'
    projections, whose weights say what is remembered. For translation and language models at less cost than a GRU;
    states are not bounded.

    Parameters ``W`` (H, F), ``U`` (H, H), and ``b`` (H) with ``bias=True``, which the paper has not; the paper's W_x
    and W_h.

    Reference: B. Zhang, D. Xiong, J. Su, Q. Lin and H. Zhang, Simplifying neural machine translation with
    addition-subtraction twin-gated recurrent networks, EMNLP 2018.
    """
    s = plus(p.W @ x, flag(bias, "bias") and p.b)
    q = p.U @ h
    i = sigmoid(s + q)
    f = sigmoid(s - q)
    return i * s + f * h
