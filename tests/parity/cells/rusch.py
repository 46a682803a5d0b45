"""Rusch and Mishra 2021 (coRNN, eq. 3; UnICORNN, eq. 5), Rusch et al. 2022 (LEM, eq. 3)."""

import torch
from tests.parity.cells import reference
from torch import tanh


def cornn(p, u, y, z, dt, gamma, epsilon):
    """With the damping at the old velocity."""
    force = tanh(torch.cat([p.U_y, p.U_z, p.W], 1) @ torch.cat([y, z, u]) + p.b)
    z = z + dt * force - dt * gamma * y - dt * epsilon * z
    return y + dt * z, z


@reference("co_rnn")
def pixels(p, u, y, z):
    return cornn(p, u, y, z, 0.042, 2.7, 4.7)


@reference("co_rnn", options={"dt": 0.5, "gamma": 1.0, "epsilon": 0.25})
def large(p, u, y, z):
    return cornn(p, u, y, z, 0.5, 1.0, 0.25)


def sigma_hat(c):
    return 0.5 + 0.5 * tanh(c / 2)


def unicornn(p, u, y, z, dt, alpha):
    speed = dt * sigma_hat(p.c)
    z = z - speed * (tanh(p.u * y + p.W @ u + p.b) + alpha * y)
    return y + speed * z, z


@reference("unicornn")
def permuted_pixels(p, u, y, z):
    return unicornn(p, u, y, z, 0.19, 30.65)


@reference("unicornn", options={"dt": 0.5, "alpha": 0.75})
def soft(p, u, y, z):
    return unicornn(p, u, y, z, 0.5, 0.75)


def lem(p, u, y, z, dt):
    rate, slow = (
        dt * sigma_hat(getattr(p, f"U_{k}") @ y + getattr(p, f"W_{k}") @ u + getattr(p, f"b_{k}")) for k in "12"
    )
    z = (1 - rate) * z + rate * tanh(p.U_z @ y + p.W_z @ u + p.b_z)
    return (1 - slow) * y + slow * tanh(p.U_y @ z + p.W_y @ u + p.b_y), z


@reference("lem")
def whole_step(p, u, y, z):
    return lem(p, u, y, z, 1.0)


@reference("lem", options={"dt": 0.25})
def quarter(p, u, y, z):
    return lem(p, u, y, z, 0.25)
