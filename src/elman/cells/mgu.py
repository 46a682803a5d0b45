"""The minimal gated unit and its three reductions."""

from __future__ import annotations

from typing import Any

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


def _candidate(p: Any, x: Any, h: Any, f: Any, bias: bool) -> Any:
    return tanh(plus(p.W_n @ x + p.U_n @ (f * h), bias and p.b_n))


@cell
def mgu(p, x, h, *, bias=True):
    """The minimal gated unit: a GRU whose reset gate and update gate are one.

    Two thirds of the GRU's parameters and about its accuracy; a first choice where a model must be small. One gate has
    to do two things: where it lets new values in, the candidate sees the old state.

    Parameters ``W_f U_f b_f`` of the gate and ``W_n U_n b_n`` of the candidate; matrices (H, F) and (H, H), biases (H),
    which are not there with ``bias=False``.

    RecurrentLayers.jl documents these equations and computes others: its gate keeps the old state, ``f h + (1 - f) n``.

    Reference: G.-B. Zhou, J. Wu, C.-L. Zhang and Z.-H. Zhou, Minimal gated unit for recurrent neural networks,
    International Journal of Automation and Computing 13 (2016).
    """
    bias = flag(bias, "bias")
    f = sigmoid(plus(p.W_f @ x + p.U_f @ h, bias and p.b_f))
    n = _candidate(p, x, h, f, bias)
    return (1 - f) * h + f * n


@cell
def mgu1(p, x, h, *, bias=True):
    """The minimal gated unit, first reduction: its gate sees the state and a bias, but not the input.

    H F parameters fewer than `mgu`; its authors found it as accurate on MNIST and news wires.

    Parameters ``U_f b_f`` of the gate and ``W_n U_n b_n`` of the candidate; matrices (H, H) and, ``W_n``, (H, F),
    biases (H), which are not there with ``bias=False``: the gate is then that of `mgu2`.

    Reference: J. C. Heck and F. M. Salem, Simplified minimal gated unit variations for recurrent neural networks,
    MWSCAS 2017: MGU1.
    """
    bias = flag(bias, "bias")
    f = sigmoid(plus(p.U_f @ h, bias and p.b_f))
    n = _candidate(p, x, h, f, bias)
    return (1 - f) * h + f * n


@cell
def mgu2(p, x, h, *, bias=True):
    """The minimal gated unit, second reduction: its gate sees the state only.

    H F + H parameters fewer than `mgu`, and in its authors' comparisons the best of the three reductions. The first
    step is half the candidate, as the state is 0 there.

    Parameters ``U_f`` (H, H) of the gate and ``W_n`` (H, F), ``U_n`` (H, H), ``b_n`` (H) of the candidate, this one not
    with ``bias=False``.

    Reference: J. C. Heck and F. M. Salem, Simplified minimal gated unit variations for recurrent neural networks,
    MWSCAS 2017: MGU2.
    """
    f = sigmoid(p.U_f @ h)
    n = _candidate(p, x, h, f, flag(bias, "bias"))
    return (1 - f) * h + f * n


@cell
def mgu3(p, x, h, *, bias=True):
    """The minimal gated unit, third reduction: its gate is a bias, so that each unit has a rate of its own.

    Hardly more than a simple cell: a leaky one, whose leak is learnt and goes into the recurrent product too. Choose it
    where time scales differ between units and not in the course of time.

    Parameters ``b_f`` (H) of the gate and ``W_n`` (H, F), ``U_n`` (H, H), ``b_n`` (H) of the candidate, this last one
    not with ``bias=False``.

    Reference: J. C. Heck and F. M. Salem, Simplified minimal gated unit variations for recurrent neural networks,
    MWSCAS 2017: MGU3.
    """
    f = sigmoid(p.b_f)
    n = _candidate(p, x, h, f, flag(bias, "bias"))
    return (1 - f) * h + f * n
