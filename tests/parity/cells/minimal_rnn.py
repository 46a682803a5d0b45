"""Chen 2017: z = Phi(x), u = sigma([U_h U_z] [h; z] + b_u)."""

import torch
from tests.parity.cells import reference


def latent(p, z, h):
    u = torch.sigmoid(torch.cat([p.U_u, p.V_u], 1) @ torch.cat([h, z]) + p.b_u)
    return u * h + (1 - u) * z


@reference("minimal_rnn")
def squashed(p, x, h):
    return latent(p, torch.tanh(p.W_z @ x + p.b_z), h)


@reference("minimal_rnn", options={"activation": "linear"})
def linear(p, x, h):
    return latent(p, p.W_z @ x + p.b_z, h)
