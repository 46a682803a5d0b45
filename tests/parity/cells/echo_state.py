"""Jaeger 2001, with Jaeger et al. 2007's leak: x' = (1 - a) x + a tanh(W_in u + W x)."""

import torch
from tests.parity.cells import reference


def reservoir(p, u, x, leak, b):
    return (1 - leak) * x + leak * torch.tanh(torch.cat([p.W, p.U], 1) @ torch.cat([u, x]) + b)


@reference("echo_state")
def jaeger(p, u, x):
    return reservoir(p, u, x, 1.0, 0.0)


@reference("echo_state", options={"leak": 0.25, "bias": True})
def leaky(p, u, x):
    return reservoir(p, u, x, 0.25, p.b)
