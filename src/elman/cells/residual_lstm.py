"""The residual LSTM."""

from __future__ import annotations

from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def residual_lstm(p, x, h, c, *, projected=True):
    """The residual LSTM: an LSTM with peepholes whose output gate lets the layer's input through beside its cell state.

    For deep stacks, where plain LSTMs get worse with each layer: the shortcut from layer to layer has no gate of its
    own, and leaves the path through time alone.

    Parameters as those of `peephole_lstm`, ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in i, f, g, o and the
    peepholes ``v_i v_f v_o`` (H); ``W_p`` (H, H), which projects the cell state, and ``W_h`` (H, F), which brings the
    input to the output's width; with ``projected=False`` there is no ``W_h``, as in the paper where F is H. The forget
    bias starts at 1 as the LSTM's.

    Reference: J. Kim, M. El-Khamy and J. Lee, Residual LSTM: design of a deep recurrent architecture for distant speech
    recognition, Interspeech 2017.
    """
    i = sigmoid(p.W_i @ x + p.U_i @ h + p.v_i * c + p.b_i)
    f = sigmoid(p.W_f @ x + p.U_f @ h + p.v_f * c + p.b_f)
    g = tanh(p.W_g @ x + p.U_g @ h + p.b_g)
    c = f * c + i * g
    o = sigmoid(p.W_o @ x + p.U_o @ h + p.v_o * c + p.b_o)
    m = p.W_p @ tanh(c)
    return o * (m + (p.W_h @ x if flag(projected, "projected") else x)), c
