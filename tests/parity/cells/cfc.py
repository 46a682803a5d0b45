"""Hasani et al. 2022, the CfC, heads g and h by tanh, with or without its backbone; and the solution itself, Cf-S."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def features(p, I, x, backbone):
    if not backbone:
        return torch.cat([I, x])
    return 1.7159 * tanh(0.666 * (torch.cat([p.W_s, p.U_s], 1) @ torch.cat([I, x]) + p.b_s))  # the authors' LeCun tanh


def head(p, name, s, backbone):
    matrix = getattr(p, f"W_{name}") if backbone else torch.cat([getattr(p, f"W_{name}"), getattr(p, f"U_{name}")], 1)
    return matrix @ s + getattr(p, f"b_{name}")


def closed_form(p, I, x, t, mode, backbone):
    s = features(p, I, x, backbone)
    if mode == "pure":
        f, negated = (sigmoid(head(p, "f", a, backbone)) for a in (s, features(p, -I, -x, backbone)))
        return p.B * torch.exp(-(p.w_tau + f) * t) * negated + p.A
    gate, g, h = (
        sigmoid(-head(p, "f", s, backbone) * t),
        tanh(head(p, "g", s, backbone)),
        tanh(head(p, "k", s, backbone)),
    )
    return gate * g + (h if mode == "no_gate" else (1 - gate) * h)


@reference("cfc")
@reference("cfc", sizes={"W_s": 5})
def gated(p, x, h):
    return closed_form(p, x, h, 1.0, "gated", True)


@reference(
    "cfc",
    options={"mode": "no_gate", "backbone": False, "step": "input"},
    ranges={"x": [0.25, 1.5]},
    features=[3],
    free=False,
)
def no_gate_in_time(p, x, h):
    return closed_form(p, x[:-1], h, x[-1], "no_gate", False)


@reference("cfc", options={"mode": "pure", "step": 0.5})
def pure(p, x, h):
    return closed_form(p, x, h, 0.5, "pure", True)


@reference("cfc", options={"mode": "pure", "backbone": False})
def pure_without_backbone(p, x, h):
    return closed_form(p, x, h, 1.0, "pure", False)
