"""The simple gated recurrent network."""

from __future__ import annotations

from elman.equations import cell, sigmoid, tanh


@cell
def sgrn(p, x, h):
    """SGRN: one gate blends the old state with the input's product, of which it is made itself.

    As few parameters as the simple cell: gate and candidate share the input's matrix, and the state enters through the
    gate. For classifying signals on small devices.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H); the bias is that of the gate. The equations are those of
    torchrecurrent and RecurrentLayers.jl; the paper was not to be had.

    Reference: X. Zu and K. Wei, A simple gated recurrent network for detection of power quality disturbances, IET
    Generation, Transmission & Distribution 15 (2021).
    """
    v = p.W @ x
    f = sigmoid(v + p.U @ h + p.b)
    return tanh((1 - f) * v + f * h)
