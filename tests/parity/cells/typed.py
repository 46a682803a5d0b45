"""Balduzzi and Ghifary 2016: the T-RNN, T-GRU and T-LSTM, whose products see inputs only."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


@reference("t_rnn")
def rnn(p, x, h):
    z, f = (torch.cat([p.W, p.V]) @ x + torch.cat([p.b, p.c])).chunk(2)
    f = sigmoid(f)
    return f * h + (1 - f) * z


def features(p, x, last):
    both = torch.cat([last, x])
    return (torch.cat([getattr(p, f"V_{k}"), getattr(p, f"W_{k}")], 1) @ both + getattr(p, f"b_{k}") for k in "zfo")


@reference("t_gru")
def gru(p, x, h, last):
    z, f, o = features(p, x, last)
    return sigmoid(f) * h + z * tanh(o), x


@reference("t_lstm")
def lstm(p, x, c, last):
    z, f, o = features(p, x, last)
    c = sigmoid(f) * c + (1 - sigmoid(f)) * z
    return c * tanh(o), c, x
