"""Feng et al. 2024: minGRU with g of its log-space form."""

import torch
from tests.parity.cells import reference


def log_g(x):
    return torch.where(x >= 0, (torch.relu(x) + 0.5).log(), -torch.nn.functional.softplus(-x))


@reference("min_gru")
def mingru(p, x, h):
    k = p.W_z @ x + p.b_z
    log_z, log_coeffs = -torch.nn.functional.softplus(-k), -torch.nn.functional.softplus(k)
    return log_coeffs.exp() * h + (log_z + log_g(p.W_n @ x + p.b_n)).exp()
