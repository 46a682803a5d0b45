"""The light gated recurrent unit."""

from __future__ import annotations

from elman.equations import cell, relu, sigmoid


@cell
def li_gru(p, x, h):
    """Li-GRU: a GRU without reset gate and with a ReLU candidate.

    A third fewer parameters than the GRU, made for speech. The paper normalises the input products over the batch; here
    they are plain, as a row's result does not depend on its batch.

    Parameters ``W_z U_z b_z W_n U_n b_n``; matrices (H, F) and (H, H).

    Reference: M. Ravanelli, P. Brakel, M. Omologo and Y. Bengio, Light gated recurrent units for speech recognition,
    IEEE Transactions on Emerging Topics in Computational Intelligence 2 (2018).
    """
    z = sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    n = relu(p.W_n @ x + p.U_n @ h + p.b_n)
    return z * h + (1 - z) * n
