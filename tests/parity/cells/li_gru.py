"""Ravanelli et al. 2018: no reset gate, a candidate with ReLU; without batch normalisation."""

import torch
from tests.parity.cells import reference


@reference("li_gru")
def light(p, x, h):
    n = len(h)
    net = torch.cat([p.W_z, p.W_n]) @ x + torch.cat([p.U_z, p.U_n]) @ h + torch.cat([p.b_z, p.b_n])
    z = torch.sigmoid(net[:n])
    return z * h + (1 - z) * torch.clamp(net[n:], min=0)
