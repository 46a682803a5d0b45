"""Laurent and von Brecht 2017: h' = theta tanh(h) + eta tanh(W x)."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


@reference("cfn")
def chaos_free(p, x, h):
    see = torch.cat([h, x])
    theta = sigmoid(torch.cat([p.U_theta, p.W_theta], 1) @ see + p.b_theta)
    eta = sigmoid(torch.cat([p.U_eta, p.W_eta], 1) @ see + p.b_eta)
    return theta * tanh(h) + eta * tanh(p.W @ x)
