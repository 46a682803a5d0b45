"""Ba, Kiros and Hinton 2016: LN(z; alpha, beta); the LSTM of eq. 20-22, the GRU of the supplementary material."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def LN(z, gain, bias=None):
    return torch.nn.functional.layer_norm(z, z.shape, gain, bias, eps=1e-5)


def stacked(p, kind, gates):
    return torch.cat([getattr(p, f"{kind}_{k}") for k in gates])


def normalised(p, x, h, gates):
    """LN(W_h h; alpha_1, 0) + LN(W_x x; alpha_2, b): all gates are one vector."""
    of_h = LN(stacked(p, "U", gates) @ h, stacked(p, "t", gates))
    return of_h + LN(stacked(p, "W", gates) @ x, stacked(p, "s", gates), stacked(p, "b", gates))


def lstm(p, c, f, i, o, g):
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(LN(c, p.s_c, p.b_c)), c


@reference("layer_norm_lstm", units=4)
def each_gate(p, x, h, c):
    return lstm(p, c, *(normalised(p, x, h, k) for k in "fiog"))


@reference("layer_norm_lstm", options={"together": True})
def all_gates(p, x, h, c):
    return lstm(p, c, *normalised(p, x, h, "fiog").chunk(4))


def gru(p, x, h, z, r):
    candidate = LN(p.W_n @ x, p.s_n, p.b_n) + sigmoid(r) * LN(p.U_n @ h, p.t_n, p.c_n)
    return (1 - sigmoid(z)) * h + sigmoid(z) * tanh(candidate)


@reference("layer_norm_gru", units=4)
def both_gates(p, x, h):
    return gru(p, x, h, *normalised(p, x, h, "zr").chunk(2))


@reference("layer_norm_gru", options={"together": False}, units=4)
def apart(p, x, h):
    return gru(p, x, h, *(normalised(p, x, h, k) for k in "zr"))
