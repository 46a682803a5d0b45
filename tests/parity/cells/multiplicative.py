"""Sutskever, Martens and Hinton 2011; Krause et al. 2017: their m in every gate of an LSTM."""

import torch
from tests.parity.cells import reference


@reference("multiplicative_rnn")
@reference("multiplicative_rnn", sizes={"W_m": 5})
def factored(p, x, h):
    of_input = p.U_h @ torch.diag(p.W_m @ x) @ p.U_m
    return torch.tanh(p.W_h @ x + of_input @ h + p.b_h)


@reference("multiplicative_lstm")
def krause(p, x, h, c):
    m = (p.W_m @ x) * (p.U_m @ h)
    new, i, o, f = (getattr(p, f"W_{k}") @ x + getattr(p, f"U_{k}") @ m + getattr(p, f"b_{k}") for k in "giof")
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(new)
    return torch.tanh(c) * torch.sigmoid(o), c
