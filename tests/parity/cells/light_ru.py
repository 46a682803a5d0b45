"""Ye et al. 2024: the candidate is tanh(W x); the forget gate f lets it in."""

import torch
from tests.parity.cells import reference


@reference("light_ru")
def light(p, x, h):
    f = torch.sigmoid(torch.cat([p.W_f, p.U_f], 1) @ torch.cat([x, h]) + p.b_f)
    return h + f * (torch.tanh(p.W_n @ x) - h)
