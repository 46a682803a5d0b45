"""Erichson, Lim and Mahoney 2025: h' = (1 - g) h + g (u + a z), z of the state l steps before h."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def delayed(p, x, h, past):
    history = past.reshape(-1, len(h))  # latest first
    see, saw = torch.cat([h, x]), torch.cat([history[-1], x])
    u = tanh(torch.cat([p.U_u, p.W_u], 1) @ see + p.b_u)
    z = tanh(torch.cat([p.U_z, p.W_z], 1) @ saw + p.b_z)
    g = sigmoid(torch.cat([p.U_g, p.W_g], 1) @ see + p.b_g)
    a = sigmoid(torch.cat([p.U_a, p.W_a], 1) @ see + p.b_a)
    return (1 - g) * h + g * (u + a * z), torch.cat([h[None], history[:-1]]).reshape(-1)


reference("tau_gru")(delayed)
reference("tau_gru", options={"delay": 2})(delayed)
reference("tau_gru", options={"delay": 1})(delayed)
