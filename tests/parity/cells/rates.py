"""Potentials with a leak, by Euler's method: Funahashi and Nakamura 1993 (CTRNN), Mastrogiuseppe and Ostojic 2018
(low rank), Song, Yang and Wang 2016 (Dale), with rates for output.
"""

import torch
from tests.parity.cells import reference
from torch import relu, sigmoid, tanh


def euler(v, current, alpha, f):
    v = v + alpha * (current - v)
    return f(v), v


@reference("ctrnn")
def sigmoid_rates(p, x, v):
    return euler(v, torch.cat([p.U, p.W], 1) @ torch.cat([sigmoid(v), x]) + p.b, 20 / 100, sigmoid)


@reference("ctrnn", options={"dt": 1.0, "tau": 4.0, "activation": "tanh"})
def tanh_rates(p, x, v):
    return euler(v, p.U @ tanh(v) + p.W @ x + p.b, 0.25, tanh)


@reference("low_rank_rnn", sizes={"n": 2})
def rank_two(p, x, v):
    J = sum(torch.outer(m, len(v) * n) for m, n in zip(p.m.T, p.n, strict=True)) / len(v)
    return euler(v, J @ tanh(v) + p.W @ x, 0.2, tanh)


@reference("low_rank_rnn", options={"dt": 0.5, "g": 0.75})
def beside_random(p, x, v):
    return euler(v, (0.75 * p.chi + p.m @ p.n) @ tanh(v) + p.W @ x, 0.5, tanh)


def dale(p, x, v, alpha):
    W_rec = relu(p.U) @ torch.diag(p.d)
    return euler(v, W_rec @ relu(v) + relu(p.W) @ x + p.b, alpha, relu)


SIGNS = {"d": [-1.0, 1.0, 2.0], "v": [-0.25, 1.0]}


@reference("dale_rnn", ranges=SIGNS)
def hundred_milliseconds(p, x, v):
    return dale(p, x, v, 0.2)


@reference("dale_rnn", options={"dt": 10.0, "tau": 20.0}, ranges=SIGNS)
def twenty_milliseconds(p, x, v):
    return dale(p, x, v, 0.5)
