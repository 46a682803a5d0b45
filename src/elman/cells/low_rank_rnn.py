"""The low-rank recurrent network."""

from __future__ import annotations

import numpy as np

from elman.checks import real
from elman.equations import cell, tanh


def _over_units(random, shape):
    """Standard normal over the number of units, the columns: the paper's n / N."""
    return random.normal(size=shape) / shape[-1]


def _unit_variance(random, shape):
    """Normal; its spectral radius is about 1."""
    return random.normal(size=shape) / np.sqrt(shape[-1])


@cell(initial={"m": "standard_normal", "n": _over_units, "chi": _unit_variance}, frozen=["chi"])
def low_rank_rnn(p, x, v, *, dt=0.2, g=0.0):
    """The low-rank network: rates whose connections are a product ``m n`` of few columns and rows, and random ones.

    Its dynamics live in as many dimensions as the rank (and the inputs) has, so that what it computes can be drawn: the
    model of how a population of neurons computes. With ``g`` above 0 random connections that are not trained lie
    beside; above about 1 they make it chaotic.

    Parameters ``m`` (H, R), ``n`` (R, H), ``W`` (H, F), and ``chi`` (H, H) with g above 0, which training leaves as it
    is. The rank R by ``sizes={"n": R}``, else H. The paper's n is H times this one. Options ``dt``, the step of Euler's
    method in time constants, and ``g``. ``m`` starts standard normal, ``n`` so over H, ``chi`` normal with variance
    1 / H. What it returns are the rates ``r``; its state ``v`` are the paper's x.

    Reference: F. Mastrogiuseppe and S. Ostojic, Linking connectivity, dynamics, and computations in low-rank recurrent
    neural networks, Neuron 99 (2018).
    """
    dt, g = real(dt, "dt", 0), real(g, "g", 0, from_low=True)
    before = tanh(v)
    current = p.m @ (p.n @ before) + p.W @ x
    if g:
        current = current + g * (p.chi @ before)
    v = v + dt * (current - v)
    r = tanh(v)
    return r, v
