"""The closed-form continuous-time cell, in its three modes."""

from __future__ import annotations

from elman.cells.elapsed import elapsed
from elman.cells.options import one_of
from elman.checks import flag
from elman.equations import cell, exp, sigmoid, tanh


@cell(initial={"A": 1.0, "B": -1.0})
def cfc(p, x, h, *, mode="gated", backbone=True, step=1.0):
    """CfC: the state after some time in closed form, where a liquid network would have to solve an equation.

    For signals of continuous time, at irregular times too; as fast as a GRU. Of two heads, ``g`` and ``k``, the state
    is nearer to one the shorter, to the other the longer the time since the last step is. That is `step`, or with
    ``step="input"`` the last feature of the input, which is 0 or more.

    `mode` is ``"gated"`` (CfC), ``"no_gate"`` (CfC-noGate: ``k`` counts in full) or ``"pure"`` (Cf-S: the solution
    itself, of bounded size and without heads). With `backbone` all heads see one hidden layer ``s`` of input and state,
    of H values or of ``sizes={"W_s": 128}``, with LeCun's tanh, ``1.7159 tanh(0.666 a)``, as in the authors' code.

    Parameters with a backbone ``W_s`` (S, F), ``U_s`` (S, H), ``b_s`` (S), and ``W_k`` (H, S), ``b_k`` (H) for k in f,
    g, k; without one ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H). In the pure mode f only, with ``w_tau``, ``A`` and
    ``B`` (H), which start at 0, 1 and -1.

    The authors' package ncps differs: its gate is ``sigmoid(f_a t + f_b)`` of two heads where the paper and this cell
    have ``sigmoid(-f t)``; its pure mode has ``B = -A``, no sigmoid but absolute values in the exponent, and the same
    ``f`` beside it where the paper has that of the negated input and state.

    Reference: R. Hasani, M. Lechner, A. Amini, L. Liebenwein, A. Ray, M. Tschaikowski, G. Teschl and D. Rus,
    Closed-form continuous-time neural networks, Nature Machine Intelligence 4 (2022).
    """
    one_of(mode, "mode", ("gated", "no_gate", "pure"))
    now, t = elapsed(x, step)
    see = _shared if flag(backbone, "backbone") else _apart
    f = see(p, "f", now, h)
    if mode == "pure":
        return p.B * exp(-(p.w_tau + sigmoid(f)) * t) * sigmoid(see(p, "f", -now, -h)) + p.A
    g, k = tanh(see(p, "g", now, h)), tanh(see(p, "k", now, h))
    gate = sigmoid(-f * t)
    return gate * g + ((1 - gate) * k if mode == "gated" else k)


def _shared(p, name, x, h):
    """What a head makes of the backbone, whose activation is LeCun's."""
    s = 1.7159 * tanh(0.666 * (p.W_s @ x + p.U_s @ h + p.b_s))
    return getattr(p, f"W_{name}") @ s + getattr(p, f"b_{name}")


def _apart(p, name, x, h):
    """What a head makes of the input and the state."""
    return getattr(p, f"W_{name}") @ x + getattr(p, f"U_{name}") @ h + getattr(p, f"b_{name}")
