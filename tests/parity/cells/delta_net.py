"""Schlag, Irie and Schmidhuber 2021, the delta update, the sum normalisation and DPFP."""

import torch
from tests.parity.cells import reference


def dpfp(k, nu):
    r = torch.cat([torch.relu(k), torch.relu(-k)])
    features = torch.cat([r * torch.roll(r, -j) for j in range(1, nu + 1)])
    return features / (features.sum() + 1e-6)


def delta(p, x, W, nu):
    k, v, q = dpfp(p.W_k @ x, nu), p.W_v @ x, dpfp(p.W_q @ x, nu)
    beta = torch.sigmoid(p.w_beta @ x + p.b_beta)
    W = W.reshape(len(v), len(k))
    W = W + beta * torch.outer(v - W @ k, k)
    return W @ q, W.reshape(-1)


@reference("delta_net")
def one(p, x, W):
    return delta(p, x, W, 1)


@reference("delta_net", options={"nu": 2}, sizes={"W_k": 4, "W_q": 4})
def two(p, x, W):
    return delta(p, x, W, 2)
