"""Feng et al. 2024: minLSTM, with g of its log-space form or plain; the gates are made shares of their sum."""

import torch
from tests.parity.cells import reference


def minimal(p, x, h, candidate):
    f, i = torch.sigmoid(p.W_f @ x + p.b_f), torch.sigmoid(p.W_i @ x + p.b_i)
    return f / (f + i) * h + i / (f + i) * candidate


@reference("min_lstm")
def positive(p, x, h):
    a = p.W_n @ x + p.b_n
    return minimal(p, x, h, torch.where(a >= 0, a + 0.5, torch.sigmoid(a)))


@reference("min_lstm", options={"positive": False})
def plain(p, x, h):
    return minimal(p, x, h, p.W_n @ x + p.b_n)
