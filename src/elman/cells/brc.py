"""The bistable recurrent cell, and the one with neuromodulation."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell(initial={"u_a": 1.0, "u_c": 1.0})
def brc(p, x, h, *, bias=False):
    """BRC: each unit feeds back on itself, by a gain that can make two stable values of it.

    With a gain ``a``, in (0, 2), that is above 1 a unit left alone goes to one of two values and stays there for ever;
    an input can make it forget or switch. For memories of thousands of steps; units do not see one another's states,
    stack layers to mix them.

    Parameters ``W W_a W_c`` (H, F), ``u_a u_c`` (H), and ``b_a b_c`` (H) with ``bias=True``; the paper's U, U_a, U_c,
    w_a, w_c. ``u_a`` and ``u_c`` start at 1. The paper has no biases, the authors' code those two; RecurrentLayers.jl
    has one more, of the candidate.

    Reference: N. Vecoven, D. Ernst and G. Drion, A bio-inspired bistable recurrent cell allows for long-lasting memory,
    PLOS ONE 16 (2021).
    """
    bias = flag(bias, "bias")
    a = 1 + tanh(plus(p.W_a @ x + p.u_a * h, bias and p.b_a))
    c = sigmoid(plus(p.W_c @ x + p.u_c * h, bias and p.b_c))
    return c * h + (1 - c) * tanh(p.W @ x + a * h)


@cell(initial={"U_a": "glorot_uniform", "U_c": "glorot_uniform"})
def nbrc(p, x, h, *, bias=False):
    """nBRC: the bistable cell whose gains see the whole layer: neuromodulation.

    As `brc`, and more able where units must act together: a GRU whose candidate sees only its own unit's state.

    Parameters ``W W_a W_c`` (H, F), ``U_a U_c`` (H, H), and ``b_a b_c`` (H) with ``bias=True``; the paper's U, U_a,
    U_c, W_a, W_c. ``U_a`` and ``U_c`` start Glorot-uniform, as in the authors' code. The NBR cell of RecurrentLayers.jl
    (March 2026) adds each gate's input product to itself and leaves the recurrent product out.

    Reference: N. Vecoven, D. Ernst and G. Drion, A bio-inspired bistable recurrent cell allows for long-lasting memory,
    PLOS ONE 16 (2021).
    """
    bias = flag(bias, "bias")
    a = 1 + tanh(plus(p.W_a @ x + p.U_a @ h, bias and p.b_a))
    c = sigmoid(plus(p.W_c @ x + p.U_c @ h, bias and p.b_c))
    return c * h + (1 - c) * tanh(p.W @ x + a * h)
