"""The chaos-free network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_theta": 1.0, "b_eta": -1.0})
def cfn(p, x, h, *, bias=True):
    """CFN: two gates, and no mixing of states but through them: without input every state goes to 0.

    So it is never chaotic, whatever its weights are, while LSTMs and GRUs can be. As good as those on language of
    moderate length; not for memories that have to last unchanged.

    Parameters ``W W_theta W_eta`` (H, F), ``U_theta U_eta`` (H, H), ``b_theta b_eta`` (H), the last two not with
    ``bias=False``; the paper's W, V_theta, V_eta, U_theta, U_eta. ``b_theta`` starts at 1, ``b_eta`` at -1.
    RecurrentLayers.jl adds a bias to ``W x``, with which states no longer go to 0.

    Reference: T. Laurent and J. von Brecht, A recurrent neural network without chaos, ICLR 2017.
    """
    bias = flag(bias, "bias")
    theta = sigmoid(plus(p.W_theta @ x + p.U_theta @ h, bias and p.b_theta))
    eta = sigmoid(plus(p.W_eta @ x + p.U_eta @ h, bias and p.b_eta))
    return theta * tanh(h) + eta * tanh(p.W @ x)
