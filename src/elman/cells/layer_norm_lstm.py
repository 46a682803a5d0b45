"""The LSTM with layer normalisation."""

from __future__ import annotations

from elman.equations import cell, normalise, sigmoid, tanh

_GAINS = {f"{gain}_{gate}": 1.0 for gain in ("s", "t") for gate in "ifgo"}


@cell(initial={"b_f": 1.0, "s_c": 1.0, **_GAINS})
def layer_norm_lstm(p, x, h, c, *, epsilon=1e-5):
    """The LSTM with layer normalisation: each product is brought to mean 0 and variance 1 before it is used.

    Steadies the dynamics of the hidden state; each gate's products are normalised with gains ``s_k`` (input) and
    ``t_k`` (recurrent), the cell state with gain ``s_c`` and bias ``b_c``; other parameters as the LSTM's.

    Reference: J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv 1607.06450 (2016), eq. 20-22, each
    gate by itself.
    """
    i = sigmoid(p.s_i * normalise(p.W_i @ x, epsilon) + p.t_i * normalise(p.U_i @ h, epsilon) + p.b_i)
    f = sigmoid(p.s_f * normalise(p.W_f @ x, epsilon) + p.t_f * normalise(p.U_f @ h, epsilon) + p.b_f)
    g = tanh(p.s_g * normalise(p.W_g @ x, epsilon) + p.t_g * normalise(p.U_g @ h, epsilon) + p.b_g)
    o = sigmoid(p.s_o * normalise(p.W_o @ x, epsilon) + p.t_o * normalise(p.U_o @ h, epsilon) + p.b_o)
    c = f * c + i * g
    return o * tanh(p.s_c * normalise(c, epsilon) + p.b_c), c
