"""Cells whose recurrent matrix depends on the input: the multiplicative simple cell and LSTM."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell
def multiplicative_rnn(p, x, h, *, bias=True):
    """The multiplicative RNN: a simple cell whose recurrent matrix is another one for each input.

    Made for characters and other discrete inputs, where each symbol should change the state in its own way: the matrix
    is ``U_h diag(W_m x) U_m``, so that matrices of symbols share their factors. Slower to train than a simple cell by
    plain gradient descent (its authors used second-order methods); today `multiplicative_lstm` is the better choice.

    Parameters ``W_m`` (M, F) and ``U_m`` (M, H), which make the factors ``m``; ``W_h`` (H, F), ``U_h`` (H, M), ``b_h``
    (H), the last one not with ``bias=False``. There are M = H factors, others by ``sizes={"W_m": M}`` of the layer.

    Reference: I. Sutskever, J. Martens and G. E. Hinton, Generating text with recurrent neural networks, ICML 2011.
    """
    m = (p.W_m @ x) * (p.U_m @ h)
    return tanh(plus(p.W_h @ x + p.U_h @ m, flag(bias, "bias") and p.b_h))


@cell(initial={"b_f": 1.0})
def multiplicative_lstm(p, x, h, c, *, bias=True):
    """The multiplicative LSTM: its gates see, in place of the last output, its product with the input.

    Strong in language by characters and bytes, where each symbol should change the state in its own way and where a
    surprising input must be recovered from; a quarter more parameters than the LSTM.

    Parameters ``W_m`` (H, F) and ``U_m`` (H, H), which make ``m``, and the LSTM's ``W_k`` (H, F), ``U_k`` (H, H), which
    multiplies ``m``, and ``b_k`` (H) for k in i, f, g, o; no ``b`` with ``bias=False``. The forget bias starts at 1, as
    in the authors' code. Of that, the Chainer program computes these equations; the Matlab ones have a candidate
    without tanh, and ``tanh(o c)`` for the output.

    Reference: B. Krause, L. Lu, I. Murray and S. Renals, Multiplicative LSTM for sequence modelling, ICLR 2017
    (workshop).
    """
    bias = flag(bias, "bias")
    m = (p.W_m @ x) * (p.U_m @ h)
    i = sigmoid(plus(p.W_i @ x + p.U_i @ m, bias and p.b_i))
    f = sigmoid(plus(p.W_f @ x + p.U_f @ m, bias and p.b_f))
    g = tanh(plus(p.W_g @ x + p.U_g @ m, bias and p.b_g))
    o = sigmoid(plus(p.W_o @ x + p.U_o @ m, bias and p.b_o))
    c = f * c + i * g
    return o * tanh(c), c
