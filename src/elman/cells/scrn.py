"""The structurally constrained recurrent network."""

from __future__ import annotations

from elman.checks import real
from elman.equations import cell, sigmoid


@cell
def scrn(p, x, h, s, *, alpha=0.95):
    """SCRN: a simple cell with context units beside it, which change slowly because their matrix is fixed.

    For a memory of topics at little cost: the context is a moving average of the inputs, with no gates to learn. Where
    memories must be written and kept on purpose an LSTM is better.

    Parameters ``W_s`` (S, F) of the context; ``P`` (H, S), ``W_h`` (H, F) and ``U_h`` (H, H) of the hidden units, from
    context, input and last hidden units; ``U_y`` (O, H) and ``V_y`` (O, S) of the output, from hidden units and
    context. They are B, P, A, R, U and V in the paper, which has no biases. ``alpha`` is how much of the context is
    kept, 0.95 in the paper. There are S = H context units and O = H outputs, others by ``sizes={"s": S, "output": O}``
    of the layer. The paper's softmax of the output is left to a layer above or the loss; RecurrentLayers.jl and
    torchrecurrent feed the output back in place of the hidden units, and take its tanh.

    Reference: T. Mikolov, A. Joulin, S. Chopra, M. Mathieu and M. Ranzato, Learning longer memory in recurrent neural
    networks, ICLR 2015 (workshop), eq. 3-5.
    """
    alpha = real(alpha, "alpha", 0, 1)
    s = round(1 - alpha, 15) * (p.W_s @ x) + alpha * s  # 0.05, and not 0.05 + 4e-17
    h = sigmoid(p.P @ s + p.W_h @ x + p.U_h @ h)
    return p.U_y @ h + p.V_y @ s, h, s
