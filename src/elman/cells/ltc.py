"""The liquid time-constant cell."""

from __future__ import annotations

from elman.cells.elapsed import elapsed
from elman.cells.options import solver_steps
from elman.equations import activation as as_function
from elman.equations import cell, softplus


@cell(initial={"tau": 0.5413, "A": "uniform"})
def ltc(p, x, h, *, activation="sigmoid", unfolds=6, step=1.0):
    """LTC: a differential equation whose time constants depend on the input, solved in a few steps at each input.

    ``dh/dt = -(1 / tau + f) h + f A`` with ``f`` of input and state: what excites a unit makes it faster too. The
    solver is the paper's fused one, implicit in the linear part: with a sigmoid every state stays between 0 and ``A``
    once there, however large the input and the steps are. For control and signals of continuous time, with
    few units; each step of the solver costs a product with ``U`` (`cfc` needs none). The input holds for the
    time `step`, or with ``step="input"`` for that in its last feature, which is 0 or more, in `unfolds` steps of the
    solver.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H): the paper's gamma, gamma_r and mu; ``A`` (H), uniform in -0.05 to
    0.05; ``tau`` (H), whose softplus is the time constant, so that it is above 0: 1 at first.

    The package ncps has another network by this name, with a conductance, a slope and a midpoint for each pair of units
    (the wiring of neural circuit policies, 2020); the one here is Algorithm 1 of the paper.

    Reference: R. Hasani, M. Lechner, A. Amini, D. Rus and R. Grosu, Liquid time-constant networks, AAAI 2021.
    """
    now, t = elapsed(x, step)
    unfolds = solver_steps(unfolds)
    dt = t / unfolds
    tau, drive = softplus(p.tau), p.W @ now + p.b
    for _ in range(unfolds):
        f = as_function(activation)(drive + p.U @ h)
        h = (h + dt * f * p.A) / (1 + dt * (1 / tau + f))
    return h
