"""Elman 1990: the hidden units see the input and the context units, a copy of what they were."""

import torch
from tests.parity.cells import reference


@reference("simple")
def elman(p, x, h):
    return torch.tanh(torch.cat([p.W, p.U, p.b[:, None]], 1) @ torch.cat([x, h, torch.ones(1)]))


@reference("simple", options={"activation": "relu"})
def rectified(p, x, h):
    return torch.relu(torch.cat([p.W, p.U], 1) @ torch.cat([x, h]) + p.b)
