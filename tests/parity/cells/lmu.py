"""Voelker, Kajic and Eliasmith 2019: theta m' = A m + B u, held for a step (zero-order hold)."""

import torch
from tests.parity.cells import reference


def legendre(order, theta):
    """The exponential of the system with u as a further state that does not change."""
    i, j = torch.meshgrid(torch.arange(order), torch.arange(order), indexing="ij")
    A = (2.0 * i + 1) * torch.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    B = (2.0 * i[:, :1] + 1) * (-1.0) ** i[:, :1]
    system = torch.cat([torch.cat([A, B], 1) / theta, torch.zeros(1, order + 1)])
    held = torch.matrix_exp(system)
    return held[:order, :order], held[:order, order]


def unit(p, x, h, m, order, theta):
    A, B = legendre(order, theta)
    u = p.e_x @ x + p.e_h @ h + p.e_m @ m
    m = A @ m + B * u
    return torch.tanh(torch.cat([p.W, p.U, p.V], 1) @ torch.cat([x, h, m])), m


@reference("lmu")
def four(p, x, h, m):
    return unit(p, x, h, m, 4, 4.0)


@reference("lmu", options={"order": 6, "theta": 10.0})
def six(p, x, h, m):
    return unit(p, x, h, m, 6, 10.0)
