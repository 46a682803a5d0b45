"""The LSTM with working memory connections."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def wmc_lstm(p, x, h, c, *, bias=True):
    """The LSTM with working memory connections: the gates see the cell state through a matrix and a tanh.

    As with peepholes the gates know what is stored, but a cell state that has grown cannot saturate them: what it adds
    stays in (-1, 1). Better than both in long sequences; three more recurrent matrices.

    Parameters ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in i, f, g, o as the LSTM's, and ``V_k`` (H, H) for k
    in i, f (of the old cell state) and o (of the new one); no ``b`` with ``bias=False``. The forget bias starts at 1 as
    the LSTM's. (RecurrentLayers.jl and torchrecurrent have a bias more inside the tanh.)

    Reference: F. Landi, L. Baraldi, M. Cornia and R. Cucchiara, Working memory connections for LSTM, Neural Networks
    144 (2021).
    """
    bias = flag(bias, "bias")
    i = sigmoid(plus(p.W_i @ x + p.U_i @ h + tanh(p.V_i @ c), bias and p.b_i))
    f = sigmoid(plus(p.W_f @ x + p.U_f @ h + tanh(p.V_f @ c), bias and p.b_f))
    g = tanh(plus(p.W_g @ x + p.U_g @ h, bias and p.b_g))
    c = f * c + i * g
    o = sigmoid(plus(p.W_o @ x + p.U_o @ h + tanh(p.V_o @ c), bias and p.b_o))
    return o * tanh(c), c
