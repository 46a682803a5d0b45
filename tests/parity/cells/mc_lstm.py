"""Hoedt et al. 2021: m = R c + i x, c = (1 - o) m, h = o m; columns of R and i sum to one."""

import torch
from tests.parity.cells import reference


def conserving(p, x, a, c, R):
    shares = c / c.sum()
    i = torch.softmax((p.W_i @ a + p.U_i @ shares + p.b_i).reshape(len(c), len(x)), 0)
    o = torch.sigmoid(p.W_o @ a + p.U_o @ shares + p.b_o)
    m = torch.softmax(R.reshape(len(c), len(c)), 0) @ c + i @ x
    return o * m, (1 - o) * m


STORED = {"x": [0.0, 1.0], "c": [0.25, 1.0]}


@reference("mc_lstm", features=[2, 4], ranges=STORED)
def gated(p, x, a, c):
    return conserving(p, x, a, c, p.W_r @ a + p.U_r @ (c / c.sum()) + p.b_r)


@reference("mc_lstm", options={"redistribution": "fixed"}, features=[1, 2], ranges=STORED)
def fixed(p, x, a, c):
    return conserving(p, x, a, c, p.B_r.T)
