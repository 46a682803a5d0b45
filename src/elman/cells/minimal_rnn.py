"""The recurrent network whose state stays among its inputs."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, sigmoid


@cell
def minimal_rnn(p, x, h, *, activation="tanh", bias=True):
    """MinimalRNN: the input is mapped to a latent space, and the state is a running blend of what came there.

    A GRU without reset gate whose candidate sees the input only: cheap, easy to train, and its states can be compared
    with inputs, for they lie in one space. No new feature is made of the state and the input together.

    Parameters ``W_z`` (H, F), ``b_z`` (H) of the latent input; ``U_u`` (H, H) of the state, ``V_u`` (H, H) of the
    latent input and ``b_u`` (H) of the gate, which keeps the old state; no ``b`` with ``bias=False``. ``activation`` is
    that of the latent input.

    Reference: M. Chen, MinimalRNN: toward more interpretable and trainable recurrent neural networks, arXiv 1711.06788
    (2017).
    """
    bias = flag(bias, "bias")
    z = as_function(activation)(plus(p.W_z @ x, bias and p.b_z))
    u = sigmoid(plus(p.U_u @ h + p.V_u @ z, bias and p.b_u))
    return u * h + (1 - u) * z
