"""The light recurrent unit."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell
def light_ru(p, x, h, *, bias=True):
    """The light recurrent unit: one gate blends the old state with a candidate that sees the input only.

    One recurrent matrix, and a state that can be read: each unit is a weighted mean of the candidates so far, with the
    gate's weights. The state enters a new state through the gate alone.

    Parameters ``W_n`` (H, F) of the candidate, which has no bias, and ``W_f`` (H, F), ``U_f`` (H, H), ``b_f`` (H) of
    the gate, this last one not with ``bias=False``. (The paper's "LRU" is not the linear recurrent unit of that name;
    its stacked cells with a changed activation are not here.)

    Reference: H. Ye, Y. Zhang, H. Liu, X. Li, J. Chang and H. Zheng, Light recurrent unit: towards an interpretable
    recurrent neural network for modeling long-range dependency, Electronics 13 (2024).
    """
    f = sigmoid(plus(p.W_f @ x + p.U_f @ h, flag(bias, "bias") and p.b_f))
    n = tanh(p.W_n @ x)
    return (1 - f) * h + f * n
