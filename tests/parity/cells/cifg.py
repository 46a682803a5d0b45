"""Greff et al. 2017, the vanilla LSTM with peepholes and the coupled gate f = 1 - i of its CIFG."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def coupled(p, x, y, c, p_i, p_o):
    z = tanh(torch.cat([p.W_g, p.U_g], 1) @ torch.cat([x, y]) + p.b_g)
    i = sigmoid(torch.cat([p.W_i, p.U_i, torch.diag(p_i)], 1) @ torch.cat([x, y, c]) + p.b_i)
    c = z * i + c * (1 - i)
    o = sigmoid(torch.cat([p.W_o, p.U_o, torch.diag(p_o)], 1) @ torch.cat([x, y, c]) + p.b_o)
    return tanh(c) * o, c


@reference("cifg")
def with_peepholes(p, x, h, c):
    return coupled(p, x, h, c, p.v_i, p.v_o)


@reference("cifg", options={"peepholes": False})
def without(p, x, h, c):
    return coupled(p, x, h, c, torch.zeros(len(h)), torch.zeros(len(h)))
