"""Hess et al. 2023, and its clipped form: z' = A z + W_1 phi(W_2 z + h_2) + h_1 + C s."""

import torch
from tests.parity.cells import reference
from torch import relu


@reference("shallow_plrnn", sizes={"U_2": 5})
def unbounded(p, s, z):
    return torch.diag(p.a) @ z + p.U_1 @ relu(p.U_2 @ z + p.b_2) + p.b_1 + p.W @ s


@reference("shallow_plrnn", options={"clipped": True})
def clipped(p, s, z):
    hidden = relu(p.U_2 @ z + p.b_2) - relu(p.U_2 @ z)
    return torch.diag(p.a) @ z + p.U_1 @ hidden + p.b_1 + p.W @ s
