"""Che et al. 2018: decays gamma = exp(-max(0, W delta + b)) of the last value and of the state."""

import torch
from tests.parity.cells import reference
from torch import exp, relu, sigmoid, tanh


@reference("gru_d", ranges={"gap": [0.0, 3.0], "observed": [0.0, 1.0]})
def decayed(p, x, m, delta, h, last):
    last = m * x + (1 - m) * last  # the last value observed, this one included
    gamma_x, gamma_h = exp(-relu(p.w_x * delta + p.b_x)), exp(-relu(p.W_h @ delta + p.b_h))
    x_hat = m * x + (1 - m) * (gamma_x * last + (1 - gamma_x) * p.mean)
    h = gamma_h * h
    r, z = (
        sigmoid(torch.cat([getattr(p, f"{kind}_{k}") for kind in "WUV"], 1) @ torch.cat([x_hat, h, m]) + b)
        for k, b in (("r", p.b_r), ("z", p.b_z))
    )
    candidate = tanh(torch.cat([p.W_n, p.U_n, p.V_n], 1) @ torch.cat([x_hat, r * h, m]) + p.b_n)
    return (1 - z) * h + z * candidate, last
