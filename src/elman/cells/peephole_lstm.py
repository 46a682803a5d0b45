"""The LSTM whose gates see the cell state."""

from __future__ import annotations

from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def peephole_lstm(p, x, h, c):
    """The LSTM with peepholes: the gates see the cell state itself, through one weight a unit.

    For tasks that need precise timing.

    Parameters as the LSTM's, and the peepholes ``v_i v_f v_o`` (H).

    Reference: F. Gers and J. Schmidhuber, Recurrent nets that time and count, IJCNN 2000.
    """
    i = sigmoid(p.W_i @ x + p.U_i @ h + p.v_i * c + p.b_i)
    f = sigmoid(p.W_f @ x + p.U_f @ h + p.v_f * c + p.b_f)
    g = tanh(p.W_g @ x + p.U_g @ h + p.b_g)
    c = f * c + i * g
    o = sigmoid(p.W_o @ x + p.U_o @ h + p.v_o * c + p.b_o)
    return o * tanh(c), c
