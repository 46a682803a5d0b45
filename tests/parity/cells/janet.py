"""Van der Westhuizen and Lasenby 2018, eq. 4."""

import torch
from tests.parity.cells import reference


def forgets(p, x, c, beta):
    s, candidate = (torch.cat([p.U_f, p.U_c]) @ c + torch.cat([p.W_f, p.W_c]) @ x + torch.cat([p.b_f, p.b_c])).chunk(2)
    return torch.sigmoid(s) * c + (1 - torch.sigmoid(s - beta)) * torch.tanh(candidate)


@reference("janet")
def with_beta(p, x, c):
    return forgets(p, x, c, 1.0)


@reference("janet", options={"beta": 0.0})
def coupled(p, x, c):
    return forgets(p, x, c, 0.0)
