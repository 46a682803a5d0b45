"""Neftci, Mostafa and Zenke 2019: S = Theta(U - theta), with SuperSpike's derivative in Theta's place."""

import math

import torch
from tests.parity.cells import reference


class Theta(torch.autograd.Function):
    @staticmethod
    def forward(context, x, slope):
        context.save_for_backward(x)
        context.slope = slope
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient / (context.slope * x.abs() + 1) ** 2, None


def leaky(p, x, s, u, i, membrane, synapse, threshold, slope, recurrent):
    arriving = p.W @ x + p.b + (p.V @ s if recurrent else 0)
    u = math.exp(-1 / membrane) * u + i - threshold * s
    i = math.exp(-1 / synapse) * i + arriving
    return Theta.apply(u - threshold, slope), u, i


FIRING = {"u": [0.0, 2.0], "i": [0.0, 1.0]}


@reference("lif", ranges=FIRING)
def milliseconds(p, x, s, u, i):
    return leaky(p, x, s, u, i, 10, 5, 1.0, 100.0, True)


other = {"membrane": 4.0, "synapse": 2.0, "threshold": 0.5, "slope": 2.0, "recurrent": False}


@reference("lif", options=other, ranges=FIRING)
def faster(p, x, s, u, i):
    return leaky(p, x, s, u, i, 4.0, 2.0, 0.5, 2.0, False)
