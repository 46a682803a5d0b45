"""The gated recurrent unit, in both conventions."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, sigmoid


@cell
def gru(p, x, h, *, reset_after=True, activation="tanh", bias=True):
    """The gated recurrent unit: a gate blends the old state with a candidate, another resets what the candidate sees.

    For most tasks a first choice beside the LSTM, of which it has three quarters of the parameters and one state.

    With ``reset_after=True`` (as in cuDNN, PyTorch and Keras 3) the reset gate multiplies the recurrent product,
    which has a bias ``c_n`` of its own; with False (the first paper's) it multiplies the state before the product.
    As in those, the update gate ``z`` keeps the old state.

    With some parameters it is a simple cell, or holds its state: `gru_from_simple`, `gru_holding`.

    Parameters ``W_z U_z b_z W_r U_r b_r W_n U_n b_n`` (and ``c_n``); matrices (H, F) and (H, H). With
    ``bias=False`` there are no ``b`` and ``c``.

    Reference: K. Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine
    translation, EMNLP 2014.
    """
    bias, reset_after = flag(bias, "bias"), flag(reset_after, "reset_after")
    z = sigmoid(plus(p.W_z @ x + p.U_z @ h, bias and p.b_z))
    r = sigmoid(plus(p.W_r @ x + p.U_r @ h, bias and p.b_r))
    if reset_after:
        n = as_function(activation)(plus(p.W_n @ x, bias and p.b_n) + r * plus(p.U_n @ h, bias and p.c_n))
    else:
        n = as_function(activation)(plus(p.W_n @ x + p.U_n @ (r * h), bias and p.b_n))
    return z * h + (1 - z) * n
