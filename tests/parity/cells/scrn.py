"""Mikolov et al. 2015, eq. 3-5: context s, hidden units h, output y before its softmax."""

import torch
from tests.parity.cells import reference


def structural(p, x, h, s, alpha):
    B, P, A, R, U, V = p.W_s, p.P, p.W_h, p.U_h, p.U_y, p.V_y
    s = (1 - alpha) * (B @ x) + alpha * s
    h = torch.sigmoid(torch.cat([P, A, R], 1) @ torch.cat([s, x, h]))
    return torch.cat([U, V], 1) @ torch.cat([h, s]), h, s


@reference("scrn", sizes={"s": 2, "output": 4})
def slow(p, x, h, s):
    return structural(p, x, h, s, 0.95)


@reference("scrn", options={"alpha": 0.5})
def faster(p, x, h, s):
    return structural(p, x, h, s, 0.5)
