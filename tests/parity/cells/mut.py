"""Jozefowicz, Zaremba and Sutskever 2015: MUT1, MUT2, MUT3; where x meets H units it is projected."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def candidate_in(z, new, h):
    return new * z + h * (1 - z)


def mut1(p, x, h, to_hidden):
    z = sigmoid(p.W_z @ x + p.b_z)
    r = sigmoid(torch.cat([p.W_r, p.U_r], 1) @ torch.cat([x, h]) + p.b_r)
    return candidate_in(z, tanh(p.U_n @ (r * h) + tanh(to_hidden) + p.b_n), h)


def mut2(p, x, h, to_hidden):
    z = sigmoid(torch.cat([p.W_z, p.U_z], 1) @ torch.cat([x, h]) + p.b_z)
    r = sigmoid(to_hidden + p.U_r @ h + p.b_r)
    return candidate_in(z, tanh(torch.cat([p.U_n, p.W_n], 1) @ torch.cat([r * h, x]) + p.b_n), h)


@reference("mut1")
def mut1_projected(p, x, h):
    return mut1(p, x, h, p.W_n @ x)


@reference("mut1", options={"projected": False}, features=[3], free=False)
def mut1_as_printed(p, x, h):
    return mut1(p, x, h, x)


@reference("mut2")
def mut2_projected(p, x, h):
    return mut2(p, x, h, p.W_r @ x)


@reference("mut2", options={"projected": False}, features=[3], free=False)
def mut2_as_printed(p, x, h):
    return mut2(p, x, h, x)


@reference("mut3")
def mut3(p, x, h):
    z = sigmoid(torch.cat([p.W_z, p.U_z], 1) @ torch.cat([x, tanh(h)]) + p.b_z)
    r = sigmoid(torch.cat([p.W_r, p.U_r], 1) @ torch.cat([x, h]) + p.b_r)
    return candidate_in(z, tanh(torch.cat([p.U_n, p.W_n], 1) @ torch.cat([r * h, x]) + p.b_n), h)
