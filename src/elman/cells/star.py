"""The stackable recurrent cell."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell(initial={"W_z": "orthogonal", "W_k": "orthogonal"})
def star(p, x, h, *, bias=True):
    """STAR, the stackable recurrent cell: one gate, made so that gradients keep their size through many layers.

    For deep stacks, eight layers and more, where those of LSTMs stop to train; half the parameters of the LSTM.

    Parameters ``W_z`` (H, F), ``b_z`` (H) of the input and ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) of the gate,
    which lets it in; no ``b`` with ``bias=False``. All matrices start orthogonal, as in the authors' code. That code
    differs from the paper: its gate keeps the old state and enters twice, ``tanh(s(k) h + (1 - s(k - 1)) z)`` with s
    the sigmoid (the JANET's form), with biases ``log(u)``, u uniform in [1, T].

    Reference: M. O. Turkoglu, S. D'Aronco, J. D. Wegner and K. Schindler, Gating revisited: deep multi-layer RNNs that
    can be trained, IEEE Transactions on Pattern Analysis and Machine Intelligence 44 (2022).
    """
    bias = flag(bias, "bias")
    z = tanh(plus(p.W_z @ x, bias and p.b_z))
    k = sigmoid(plus(p.W_k @ x + p.U_k @ h, bias and p.b_k))
    return tanh((1 - k) * h + k * z)
