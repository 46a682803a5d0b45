"""Landi et al. 2021: gates of x, h and tanh(W c); the output gate sees the new cell state."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


@reference("wmc_lstm")
def working_memory(p, x, h, c):
    see = torch.cat([x, h])
    i = sigmoid(torch.cat([p.W_i, p.U_i], 1) @ see + tanh(p.V_i @ c) + p.b_i)
    f = sigmoid(torch.cat([p.W_f, p.U_f], 1) @ see + tanh(p.V_f @ c) + p.b_f)
    c = f * c + i * tanh(torch.cat([p.W_g, p.U_g], 1) @ see + p.b_g)
    o = sigmoid(torch.cat([p.W_o, p.U_o], 1) @ see + tanh(p.V_o @ c) + p.b_o)
    return o * tanh(c), c
