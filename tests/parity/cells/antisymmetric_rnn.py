"""Chang et al. 2019, eq. 9 and eq. 11-12: one antisymmetric matrix less gamma I, and a gate that shares it."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def recurrent(p, h, gamma):
    return (p.U - p.U.T - gamma * torch.eye(len(h))) @ h


def plain(p, x, h, epsilon, gamma):
    return h + epsilon * tanh(recurrent(p, h, gamma) + p.W @ x + p.b)


def gated(p, x, h, epsilon, gamma):
    z = sigmoid(recurrent(p, h, gamma) + p.W_z @ x + p.b_z)
    return h + epsilon * z * tanh(recurrent(p, h, gamma) + p.W @ x + p.b)


for cell, step in (("antisymmetric_rnn", plain), ("gated_antisymmetric_rnn", gated)):
    reference(cell)(lambda p, x, h, step=step: step(p, x, h, 0.01, 0.01))
    large = {"epsilon": 0.5, "gamma": 0.25}
    reference(cell, options=large)(lambda p, x, h, step=step: step(p, x, h, 0.5, 0.25))
