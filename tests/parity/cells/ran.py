"""Lee, Levy and Zettlemoyer 2017, eq. 1: content W_cx x, gates of h and x, h = g(c)."""

import torch
from tests.parity.cells import reference


def additive(p, x, h, c):
    stacked = torch.cat([torch.cat([p.U_i, p.W_i], 1), torch.cat([p.U_f, p.W_f], 1)])
    i, f = torch.sigmoid(stacked @ torch.cat([h, x]) + torch.cat([p.b_i, p.b_f])).chunk(2)
    return i * (p.W_c @ x) + f * c


@reference("ran")
def squashed(p, x, h, c):
    c = additive(p, x, h, c)
    return torch.tanh(c), c


@reference("ran", options={"activation": "linear"})
def linear(p, x, h, c):
    c = additive(p, x, h, c)
    return c, c
