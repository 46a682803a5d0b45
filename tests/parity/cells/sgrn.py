"""Zu and Wei 2021, as RecurrentLayers.jl and torchrecurrent document it: f, i = 1 - f, h = tanh(i * W x + f * h)."""

import torch
from tests.parity.cells import reference


@reference("sgrn")
def simple_gated(p, x, h):
    f = torch.sigmoid(torch.cat([p.W, p.U], 1) @ torch.cat([x, h]) + p.b)
    return torch.tanh((1 - f) * (p.W @ x) + f * h)
