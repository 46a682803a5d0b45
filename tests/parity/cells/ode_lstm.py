"""Lechner and Hasani 2020: an LSTM step, then its output moves by dh/dt for the time between inputs."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def slope(p, h):
    return p.W_2 @ tanh(p.W_1 @ h + p.b_1) + p.b_2


def euler(p, h, dt):
    return h + dt * slope(p, h)


def heun(p, h, dt):
    first = slope(p, h)
    return h + dt / 2 * (first + slope(p, h + dt * first))


def rk4(p, h, dt):
    k1 = slope(p, h)
    k2 = slope(p, h + dt / 2 * k1)
    k3 = slope(p, h + dt / 2 * k2)
    k4 = slope(p, h + dt * k3)
    return h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def step(p, x, h, c, time, solver, unfolds):
    W, U, b = (torch.cat([getattr(p, f"{kind}_{k}") for k in "ifgo"]) for kind in "WUb")
    i, f, g, o = (torch.cat([W, U], 1) @ torch.cat([x, h]) + b).chunk(4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    for _ in range(unfolds):
        h = solver(p, h, time / unfolds)
    return h, c


@reference("ode_lstm")
def usual(p, x, h, c):
    return step(p, x, h, c, 1.0, rk4, 3)


@reference("ode_lstm", options={"step": "input"}, features=[3], ranges={"x": [0.25, 1.5]}, free=False)
def irregular(p, x, h, c):
    return step(p, x[:-1], h, c, x[-1], rk4, 3)


@reference("ode_lstm", options={"solver": "heun", "unfolds": 2, "step": 0.5}, sizes={"W_1": 4})
def regular(p, x, h, c):
    return step(p, x, h, c, 0.5, heun, 2)


@reference("ode_lstm", options={"solver": "euler", "unfolds": 4, "step": 1.0})
def simplest(p, x, h, c):
    return step(p, x, h, c, 1.0, euler, 4)
