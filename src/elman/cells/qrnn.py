"""The quasi-recurrent network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.cells.options import one_of
from elman.checks import flag, whole
from elman.equations import cell, concat, sigmoid, split, tanh

POOLINGS = ("f", "fo", "ifo")

MOST = 1000  # inputs that the convolutions see


@cell
def qrnn(p, x, c, past, *, window=2, pooling="fo", bias=True):
    """QRNN: convolutions over the last inputs make candidate and gates, and only a pooling runs through time.

    No matrix multiplies a state, so that a step is cheap and gradients pass through gates in (0, 1) only. Where an LSTM
    of language is too slow; several layers are needed for what depends on the order of many inputs.

    Parameters ``W_k`` (H, window F) for k in z (candidate), f (forget gate), o (output gate, with "fo" and "ifo") and i
    (input gate, with "ifo"), which multiply the inputs of the window beside one another, this one first and the oldest
    last; biases ``b_k`` (H), as in the authors' code, not with ``bias=False``. The state ``past`` holds the window's
    earlier inputs, ``(window - 1) F`` values. ``window`` is the width of the convolution, at least 2: 2 in the paper's
    language models, 6 in its translation by characters. ``pooling`` is "f" (the state is the output, and what is new is
    weighed by 1 - f), "fo" (an output gate), or "ifo" (what is new has a gate of its own).

    Reference: J. Bradbury, S. Merity, C. Xiong and R. Socher, Quasi-recurrent neural networks, ICLR 2017, eq. 1-5.
    """
    window, bias = whole(window, "window", 2, most=MOST), flag(bias, "bias")
    one_of(pooling, "pooling", POOLINGS)
    v = concat(x, past)
    past = concat(x, *split(past, window - 1)[:-1])
    z = tanh(plus(p.W_z @ v, bias and p.b_z))
    f = sigmoid(plus(p.W_f @ v, bias and p.b_f))
    i = sigmoid(plus(p.W_i @ v, bias and p.b_i)) if pooling == "ifo" else 1 - f
    c = f * c + i * z
    if pooling == "f":
        return c, past
    o = sigmoid(plus(p.W_o @ v, bias and p.b_o))
    return o * c, c, past
