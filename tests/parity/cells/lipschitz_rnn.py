"""Erichson et al. 2021, eq. 3-5, by the forward Euler scheme: dh/dt = A h + tanh(W h + U x + b)."""

import torch
from tests.parity.cells import reference


def symmetric_skew(M, beta, gamma):
    return (1 - beta) * (M + M.T) + beta * (M - M.T) - gamma * torch.eye(len(M))


def euler(p, x, h, epsilon, beta, gamma_A, gamma_W):
    A, W = symmetric_skew(p.M_A, beta, gamma_A), symmetric_skew(p.M_W, beta, gamma_W)
    return h + epsilon * (A @ h) + epsilon * torch.tanh(W @ h + p.W @ x + p.b)


@reference("lipschitz_rnn")
def pixels(p, x, h):
    return euler(p, x, h, 0.03, 0.75, 0.001, 0.001)


@reference("lipschitz_rnn", options={"epsilon": 0.5, "beta": 0.875, "gamma_A": 0.25, "gamma_W": 0.125})
def large(p, x, h):
    return euler(p, x, h, 0.5, 0.875, 0.25, 0.125)
