"""The LSTM that conserves mass."""

from __future__ import annotations

import math

import numpy as np

from elman.cells.options import one_of
from elman.equations import cell, equal, exp, matvec, outer, sigmoid, softmax, sum, vecmat, where
from elman.equations.ranges import within


def _identity(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The identity matrix as one vector."""
    return np.eye(math.isqrt(shape[0])).ravel()


@cell(inputs=2, initial={"b_r": _identity, "B_r": "identity", "b_o": -3.0})
def mc_lstm(p, x, a, c, *, redistribution="gated"):
    """MC-LSTM: what comes in as mass ``x`` is stored, moved between units or given out, and none is made or lost.

    For quantities that obey a conservation law: water in a catchment, traffic, energy, or sums to be learnt. The mass
    ``x``, nonnegative, is what is conserved; all else that is known, ``a``, only steers the gates. The columns of ``R``
    (where the mass of a unit goes) and of the input gate are shares of a whole; ``o`` is what leaves. At each step
    ``sum(c) + sum(y)`` is ``sum(c) + sum(x)`` of before. It returns the outgoing mass ``y``; a target is often its sum.
    Not for signals of both signs: negative mass among the inputs of a network is refused; a layer that makes mass for
    this one must end in what is never negative, such as a ``relu``. Where something is lost, as water evaporates, leave
    the output of one unit out of that sum.

    Parameters ``W_i`` (H M, A), ``U_i`` (H M, H), ``b_i`` (H M) of the input gate, where M is how many masses come in
    and A the width of ``a``: value ``j M + m`` is what the softmax over units j sees for mass m. ``W_o`` (H, A),
    ``U_o`` (H, H), ``b_o`` (H). ``W_r`` (H H, A), ``U_r`` (H H, H), ``b_r`` (H H): value ``i H + j`` is for mass that
    moves from unit j to i. With ``redistribution="fixed"`` there is in their place ``B_r`` (H, H), whose row j says
    where the mass of unit j goes (the paper's eq. 10; eq. 11 otherwise). All gates see the masses in store as shares,
    ``c / sum(c)``.

    ``b_r`` and ``B_r`` start as the identity matrix, so that mass rather stays where it is; ``b_o`` at -3, as in the
    authors' code, so that little leaves. The authors' code starts a gated ``b_r`` at 0. The version of neuralhydrology
    divides ``c`` by the norm of the whole batch, so that a row depends on the others; the authors' and this one divide
    by the row's own sum.

    Reference: P.-J. Hoedt, F. Kratzert, D. Klotz, C. Halmich, M. Holzleitner, G. Nearing, S. Hochreiter and
    G. Klambauer, MC-LSTM: mass-conserving LSTM, ICML 2021.
    """
    one_of(redistribution, "redistribution", ("gated", "fixed"))
    x = within(x, "mass")
    ones, mass = 1 + 0 * c, sum(c)
    shares = c / where(equal(mass, 0), 1, mass)
    if redistribution == "fixed":
        R = softmax(p.B_r)
        moved = R.T @ c
    else:
        r = p.W_r @ a + p.U_r @ shares + p.b_r
        R = exp(r - outer(ones, vecmat(ones, r) / sum(ones)))
        moved = matvec(R, c / vecmat(ones, R))
    i = p.W_i @ a + p.U_i @ shares + p.b_i
    I = exp(i - outer(ones, vecmat(ones, i) / sum(ones)))  # noqa: E741, as the paper calls the gate
    o = sigmoid(p.W_o @ a + p.U_o @ shares + p.b_o)
    total = moved + matvec(I, x / vecmat(ones, I))
    return o * total, (1 - o) * total
