"""Kusupati et al. 2018: FastRNN and FastGRNN, with sigmoids of alpha, beta, zeta, nu."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


@reference("fast_rnn")
def fast(p, x, h):
    candidate = tanh(torch.cat([p.W, p.U], 1) @ torch.cat([x, h]) + p.b)
    return sigmoid(p.alpha) * candidate + sigmoid(p.beta) * h


@reference("fast_rnn", options={"activation": "relu"})
def rectified(p, x, h):
    return sigmoid(p.alpha) * torch.relu(p.W @ x + p.U @ h + p.b) + sigmoid(p.beta) * h


def gated(p, x, h, W, U):
    net = torch.cat([W, U], 1) @ torch.cat([x, h])
    z, candidate = sigmoid(net + p.b_z), tanh(net + p.b_h)
    return (sigmoid(p.zeta) * (1 - z) + sigmoid(p.nu)) * candidate + z * h


@reference("fast_grnn")
def full(p, x, h):
    return gated(p, x, h, p.W, p.U)


@reference("fast_grnn", options={"low_rank": True}, sizes={"W_2": 1, "U_2": 2})
def low_rank(p, x, h):
    return gated(p, x, h, p.W_1 @ p.W_2, p.U_1 @ p.U_2)
