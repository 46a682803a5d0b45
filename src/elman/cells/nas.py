"""The cell that a controller network found."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, relu, sigmoid, tanh


@cell
def nas(p, x, h, c, *, bias=False):
    """NASCell: a cell with eight products in a tree, found by reinforcement learning on Penn Treebank.

    As the LSTM it has a cell state beside its output, but one that is bounded; it did better than the LSTM in language,
    by words and by characters, with twice its parameters for the same H.

    Parameters ``W_k`` (H, F) and ``U_k`` (H, H) for k in 1 to 8; with ``bias=True`` ``b_k`` (H) too, which the paper
    does not tell of, and the authors' code leaves out by default. The fourth product is of the input's and the state's
    part, ``relu((W_4 x) (U_4 h))``, with the bias on the state's part as in that code; torchrecurrent and
    RecurrentLayers.jl compute their sum.

    Reference: B. Zoph and Q. V. Le, Neural architecture search with reinforcement learning, ICLR 2017.
    """
    bias = flag(bias, "bias")
    o_1 = sigmoid(p.W_1 @ x + plus(p.U_1 @ h, bias and p.b_1))
    o_2 = relu(p.W_2 @ x + plus(p.U_2 @ h, bias and p.b_2))
    o_3 = sigmoid(p.W_3 @ x + plus(p.U_3 @ h, bias and p.b_3))
    o_4 = relu((p.W_4 @ x) * plus(p.U_4 @ h, bias and p.b_4))
    o_5 = tanh(p.W_5 @ x + plus(p.U_5 @ h, bias and p.b_5))
    o_6 = sigmoid(p.W_6 @ x + plus(p.U_6 @ h, bias and p.b_6))
    o_7 = tanh(p.W_7 @ x + plus(p.U_7 @ h, bias and p.b_7))
    o_8 = sigmoid(p.W_8 @ x + plus(p.U_8 @ h, bias and p.b_8))
    c = tanh(tanh(o_1 * o_2) + c) * tanh(o_3 + o_4)
    a = tanh(tanh(o_5 * o_6) + sigmoid(o_7 + o_8))
    return tanh(c * a), c
