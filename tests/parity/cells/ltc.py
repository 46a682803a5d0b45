"""Hasani et al. 2021, algorithm 1: the fused solver of dx/dt = -(1 / tau + f) x + f A, f of x and I."""

import torch
from tests.parity.cells import reference


def fused(p, I, x, time, unfolds, squash):
    dt, tau = time / unfolds, torch.nn.functional.softplus(p.tau)
    for _ in range(unfolds):
        f = squash(torch.cat([p.U, p.W], 1) @ torch.cat([x, I]) + p.b)
        x = (x + dt * f * p.A) / (1 + dt * (1 / tau + f))
    return x


@reference("ltc")
def six(p, x, h):
    return fused(p, x, h, 1.0, 6, torch.sigmoid)


options = {"unfolds": 2, "activation": "relu", "step": "input"}


@reference("ltc", options=options, ranges={"x": [0.25, 1.5]}, features=[3], free=False)
def two_in_time(p, x, h):
    return fused(p, x[:-1], h, x[-1], 2, torch.relu)
