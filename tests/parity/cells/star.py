"""Turkoglu et al. 2022: k lets z = tanh(W_z x + b_z) into the state."""

import torch
from tests.parity.cells import reference


@reference("star")
def stackable(p, x, h):
    z = torch.tanh(p.W_z @ x + p.b_z)
    k = torch.sigmoid(torch.cat([p.W_k, p.U_k], 1) @ torch.cat([x, h]) + p.b_k)
    return torch.tanh((1 - k) * h + k * z)
