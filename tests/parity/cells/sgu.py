"""Gao and Glowacka 2016: SGU and DSGU; their hard sigmoid is Theano's, clip(0.2 a + 0.5, 0, 1)."""

import torch
from tests.parity.cells import reference


def gated(p, x, h):
    x_g = p.W_g @ x + p.b_g
    return torch.tanh(p.U_g @ (x_g * h)) * h


def update(p, x, h, out):
    z = torch.clip(0.2 * (torch.cat([p.W_z, p.U_z], 1) @ torch.cat([x, h]) + p.b_z) + 0.5, 0, 1)
    return (1 - z) * h + z * out


@reference("sgu")
def sgu(p, x, h):
    return update(p, x, h, torch.nn.functional.softplus(gated(p, x, h)))


@reference("dsgu")
def dsgu(p, x, h):
    return update(p, x, h, torch.sigmoid(p.U_o @ gated(p, x, h)))
