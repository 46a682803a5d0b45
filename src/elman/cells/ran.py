"""The recurrent additive network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, sigmoid


@cell
def ran(p, x, h, c, *, activation="tanh", bias=True):
    """The recurrent additive network: an LSTM whose candidate is linear in the input, and without output gate.

    Its cell state is a weighted sum of linear maps of the inputs, whose weights can be read off the gates: which input
    still counts, and how much, is known at each step. As good as the LSTM in language with half its recurrent work.

    Parameters ``W_c`` (H, F) of the content, which has no bias, and ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k
    in i (input gate) and f (forget gate), no ``b`` with ``bias=False``. ``activation`` makes the output of the cell
    state; "linear" is the paper's other form. (RecurrentLayers.jl and torchrecurrent give the content a bias.)

    Reference: K. Lee, O. Levy and L. Zettlemoyer, Recurrent additive networks, arXiv 1705.07393 (2017).
    """
    bias = flag(bias, "bias")
    n = p.W_c @ x
    i = sigmoid(plus(p.W_i @ x + p.U_i @ h, bias and p.b_i))
    f = sigmoid(plus(p.W_f @ x + p.U_f @ h, bias and p.b_f))
    c = i * n + f * c
    return as_function(activation)(c), c
