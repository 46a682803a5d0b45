"""Zyarah and Kudithipudi 2026: a GRU with the update gate fixed to lambda, then the reset gate to beta too."""

import torch
from tests.parity.cells import reference


def minion(p, x, h, lam, seen):
    candidate = torch.tanh(torch.cat([p.W_n, p.U_n], 1) @ torch.cat([x, seen]) + p.b_n)
    return lam * h + (1 - lam) * candidate


def reset(p, x, h):
    return torch.sigmoid(p.W_r @ x + p.b_r + p.U_r @ h)


@reference("miru1")
def half(p, x, h):
    return minion(p, x, h, 0.5, reset(p, x, h) * h)


@reference("miru1", options={"update": 0.8})
def slow(p, x, h):
    return minion(p, x, h, 0.8, reset(p, x, h) * h)


@reference("miru2")
def halves(p, x, h):
    return minion(p, x, h, 0.5, 0.5 * h)


@reference("miru2", options={"update": 0.8, "reset": 0.25})
def unequal(p, x, h):
    return minion(p, x, h, 0.8, 0.25 * h)
