"""The update gate recurrent network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, sigmoid


@cell(initial={"b_g": 1.0})
def ugrnn(p, x, h, *, activation="tanh", bias=True):
    """UGRNN: a simple cell with one gate, which either keeps the old state or computes a new one.

    Nearly as easy to train as the GRU with two thirds of its parameters; its authors advise it for shallow networks,
    and the `intersection_rnn` for deep ones.

    Parameters ``W_c U_c b_c`` of the candidate and ``W_g U_g b_g`` of the gate, which keeps the old state; matrices
    (H, F) and (H, H), biases (H), which are not there with ``bias=False``. The gate's bias, a hyperparameter in the
    paper, starts at 1 as in the authors' TensorFlow code, which adds it to one that starts at 0.

    Reference: J. Collins, J. Sohl-Dickstein and D. Sussillo, Capacity and trainability in recurrent neural networks,
    ICLR 2017.
    """
    bias = flag(bias, "bias")
    c = as_function(activation)(plus(p.W_c @ x + p.U_c @ h, bias and p.b_c))
    g = sigmoid(plus(p.W_g @ x + p.U_g @ h, bias and p.b_g))
    return g * h + (1 - g) * c
