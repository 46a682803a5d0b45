"""Zhou et al. 2016: f = sigma(W_f [h, x] + b_f); and what Heck and Salem 2017 leave out of the gate."""

import torch
from tests.parity.cells import reference


def minimal(p, f, x, h):
    candidate = torch.tanh(torch.cat([p.U_n, p.W_n], 1) @ torch.cat([f * h, x]) + p.b_n)
    return (1 - f) * h + f * candidate


@reference("mgu")
def whole(p, x, h):
    return minimal(p, torch.sigmoid(torch.cat([p.U_f, p.W_f], 1) @ torch.cat([h, x]) + p.b_f), x, h)


@reference("mgu1")
def state_and_bias(p, x, h):
    return minimal(p, torch.sigmoid(p.U_f @ h + p.b_f), x, h)


@reference("mgu2")
def state(p, x, h):
    return minimal(p, torch.sigmoid(p.U_f @ h), x, h)


@reference("mgu3")
def bias(p, x, h):
    return minimal(p, torch.sigmoid(p.b_f), x, h)
