"""The LSTM whose input gate is what is known of a sequence as a whole."""

from __future__ import annotations

from elman.equations import cell, sigmoid, tanh


@cell(inputs=2, initial={"b_f": 5.0})
def ea_lstm(p, x, s, h, c):
    """EA-LSTM: an LSTM whose input gate sees only static features ``s``, such as those of a place or a customer.

    For one model of many entities: which units an entity writes to is decided once, by what it is, and can be read as
    an embedding of entities (similar ones have similar gates). Choose an LSTM with the static features beside the
    others at each step where accuracy is all: it is as good or better in the authors' and later comparisons. In a
    network ``s`` is a `Static` input that is repeated, ``Recurrent(ea_lstm, H)(x, repeat(s, x))``.

    Parameters ``W_i`` (H, S), ``b_i`` (H), with S static features; ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in
    f, g, o. ``b_f`` starts at 5, as in the paper's experiments.

    Reference: F. Kratzert, D. Klotz, G. Shalev, G. Klambauer, S. Hochreiter and G. Nearing, Towards learning universal,
    regional, and local hydrological behaviors via machine learning applied to large-sample datasets, Hydrology and
    Earth System Sciences 23 (2019).
    """
    i = sigmoid(p.W_i @ s + p.b_i)
    f = sigmoid(p.W_f @ x + p.U_f @ h + p.b_f)
    g = tanh(p.W_g @ x + p.U_g @ h + p.b_g)
    o = sigmoid(p.W_o @ x + p.U_o @ h + p.b_o)
    c = f * c + i * g
    return o * tanh(c), c
