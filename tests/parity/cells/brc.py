"""Vecoven, Ernst and Drion 2021: h' = c h + (1 - c) tanh(U x + a h)."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def bistable(p, x, h, feedback_a, feedback_c):
    a, c = 1 + tanh(p.W_a @ x + feedback_a), sigmoid(p.W_c @ x + feedback_c)
    return c * h + (1 - c) * tanh(p.W @ x + a * h)


@reference("brc")
def own(p, x, h):
    return bistable(p, x, h, torch.diag(p.u_a) @ h, torch.diag(p.u_c) @ h)


@reference("brc", options={"bias": True})
def own_biased(p, x, h):
    return bistable(p, x, h, p.u_a * h + p.b_a, p.u_c * h + p.b_c)


@reference("nbrc")
def all_units(p, x, h):
    return bistable(p, x, h, p.U_a @ h, p.U_c @ h)


@reference("nbrc", options={"bias": True})
def all_units_biased(p, x, h):
    return bistable(p, x, h, p.U_a @ h + p.b_a, p.U_c @ h + p.b_c)
