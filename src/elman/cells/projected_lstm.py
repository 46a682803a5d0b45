"""The LSTM with a recurrent projection layer."""

from __future__ import annotations

from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def projected_lstm(p, x, r, c, *, peepholes=True):
    """LSTMP: an LSTM whose output is projected to fewer values, which alone come back to its gates.

    A large memory for few parameters, made for speech with thousands of cells: products cost by the width of the
    projection, not by that of the cell state.

    Parameters ``W_k`` (C, F), ``U_k`` (C, H), ``b_k`` (C) for k in i, f, g, o, the peepholes ``v_i v_f v_o`` (C), which
    ``peepholes=False`` leaves out (PyTorch's ``proj_size`` has none), and ``W_r`` (H, C), which projects. H is the
    layer's units; there are C = H cells, others by its ``sizes={"c": C}``. The paper's second projection, which does
    not come back, is a layer beside it and not here. The forget bias starts at 1 as the LSTM's.

    Reference: H. Sak, A. Senior and F. Beaufays, Long short-term memory recurrent neural network architectures for
    large scale acoustic modeling, Interspeech 2014.
    """
    peepholes = flag(peepholes, "peepholes")
    a_i, a_f = p.W_i @ x + p.U_i @ r + p.b_i, p.W_f @ x + p.U_f @ r + p.b_f
    i = sigmoid(a_i + p.v_i * c if peepholes else a_i)
    f = sigmoid(a_f + p.v_f * c if peepholes else a_f)
    g = tanh(p.W_g @ x + p.U_g @ r + p.b_g)
    c = f * c + i * g
    a_o = p.W_o @ x + p.U_o @ r + p.b_o
    o = sigmoid(a_o + p.v_o * c if peepholes else a_o)
    m = o * tanh(c)
    return p.W_r @ m, c
