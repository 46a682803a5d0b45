"""Kratzert et al. 2019, the EA-LSTM: static input i = sigma(W x_s + b) for all steps."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


@reference("ea_lstm", features=[2, 3])
def entity_aware(p, x, s, h, c):
    i = sigmoid(p.W_i @ s + p.b_i)
    W, U, b = (torch.cat([getattr(p, f"{kind}_{k}") for k in "fgo"]) for kind in "WUb")
    f, g, o = (torch.cat([W, U], 1) @ torch.cat([x, h]) + b).chunk(3)
    c = sigmoid(f) * c + i * tanh(g)
    return sigmoid(o) * tanh(c), c
