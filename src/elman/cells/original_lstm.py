"""Long short-term memory as it was first."""

from __future__ import annotations

from elman.equations import cell, sigmoid


@cell
def original_lstm(p, x, h, c):
    """The LSTM of 1997: without forget gate, so that the cell state only ever adds up.

    What is stored stays and its gradient is passed on unchanged, for as many steps as there are; but nothing is ever
    let go, and in long streams the state grows without bound. Choose `lstm` but for what has to be counted.

    Parameters ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in i (input gate), g (candidate) and o (output gate).
    As in the paper the candidate is in (-2, 2) and the squashed state in (-1, 1), by scaled sigmoids;
    RecurrentLayers.jl and torchrecurrent take tanh for both. Each memory block has one cell; gradients are exact and
    not cut as in the paper.

    Reference: S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 (1997).
    """
    i = sigmoid(p.W_i @ x + p.U_i @ h + p.b_i)
    g = 4 * sigmoid(p.W_g @ x + p.U_g @ h + p.b_g) - 2
    o = sigmoid(p.W_o @ x + p.U_o @ h + p.b_o)
    c = c + i * g
    return o * (2 * sigmoid(c) - 1), c
