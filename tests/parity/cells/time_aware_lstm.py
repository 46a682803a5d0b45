"""Baytas et al. 2017: C* = (C - C^S) + g(Delta t) C^S with C^S = tanh(W_d C + b_d)."""

import math

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def aware(p, x, h, c, discount):
    short = tanh(p.W_d @ c + p.b_d)
    adjusted = (c - short) + discount * short
    W, U, b = (torch.cat([getattr(p, f"{kind}_{k}") for k in "fiog"]) for kind in "WUb")
    f, i, o, g = (torch.cat([W, U], 1) @ torch.cat([x, h]) + b).chunk(4)
    c = sigmoid(f) * adjusted + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


@reference("time_aware_lstm")
def usual(p, x, h, c):
    return aware(p, x, h, c, 1 / math.log(math.e + 1.0))


@reference("time_aware_lstm", options={"step": "input"}, features=[3], ranges={"x": [0.25, 2.0]}, free=False)
def slow_decay(p, x, h, c):
    return aware(p, x[:-1], h, c, 1 / torch.log(math.e + x[-1]))


@reference(
    "time_aware_lstm", options={"decay": "inverse", "step": "input"}, features=[3], ranges={"x": [1.0, 3.0]}, free=False
)
def fast_decay(p, x, h, c):
    return aware(p, x[:-1], h, c, 1 / x[-1])


@reference("time_aware_lstm", options={"step": 2.0})
def regular(p, x, h, c):
    return aware(p, x, h, c, 1 / math.log(math.e + 2.0))
