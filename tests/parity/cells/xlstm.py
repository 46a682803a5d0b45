"""Beck et al. 2024: sLSTM and mLSTM without their stabiliser.

That is, c, n and C are those of the paper's first equations: what the cell holds, times exp(m).
"""

import torch
from tests.parity.cells import reference
from torch import exp, sigmoid, tanh


def blocks(U, heads):
    return torch.block_diag(*U.chunk(heads))


def slstm(p, x, h, c, n, m, forget, heads=1):
    net = {k: getattr(p, f"W_{k}") @ x + blocks(getattr(p, f"U_{k}"), heads) @ h + getattr(p, f"b_{k}") for k in "zifo"}
    f = exp(net["f"]) if forget == "exp" else sigmoid(net["f"])
    whole_c, whole_n = c * exp(m), n * exp(m)
    new_m = torch.where(n == 0, net["i"], torch.maximum(f.log() + m, net["i"]))
    kept_c, kept_n = (torch.where(n == 0, a * exp(new_m), f * b) for a, b in ((c, whole_c), (n, whole_n)))  # 0 is 0
    whole_c, new_n = kept_c + exp(net["i"]) * tanh(net["z"]), kept_n + exp(net["i"])
    return sigmoid(net["o"]) * whole_c / new_n, whole_c / exp(new_m), new_n / exp(new_m), new_m


STORED = {"n": [0.5, 1.5]}


@reference("slstm", ranges=STORED)
def one_head(p, x, h, c, n, m):
    return slstm(p, x, h, c, n, m, "sigmoid")


@reference("slstm", options={"forget": "exp", "heads": 2}, units=4, ranges=STORED, free=False)
def two_heads(p, x, h, c, n, m):
    return slstm(p, x, h, c, n, m, "exp", 2)


@reference("slstm", ranges={"n": [0.0, 0.0], "c": [0.0, 0.0]}, note="from nothing")
def from_nothing(p, x, h, c, n, m):
    return slstm(p, x, h, c, n, m, "sigmoid")


def mlstm(p, x, n, C, m, heads):
    W_q, W_k, W_v = p.W.chunk(3)
    d = len(W_q) // heads
    q, k, v = W_q @ x + p.b_q, W_k @ x / d**0.5 + p.b_k, W_v @ x + p.b_v
    log_i, f, o = p.W_i @ x + p.b_i, sigmoid(p.W_f @ x + p.b_f), sigmoid(p.W_o @ x + p.b_o)
    new_m = torch.maximum(f.log() + m, log_i)
    memories, norms = C.reshape(heads, d, d) * exp(m)[:, None, None], n.reshape(heads, d) * exp(m)[:, None]
    read = []
    for one in range(heads):
        part = slice(one * d, (one + 1) * d)
        memory = f[one] * memories[one] + exp(log_i[one]) * torch.outer(v[part], k[part])
        norm = f[one] * norms[one] + exp(log_i[one]) * k[part]
        read.append((memory @ q[part] / torch.clamp((norm @ q[part]).abs(), min=1), memory, norm))
    y, memories, norms = (torch.stack(parts) for parts in zip(*read, strict=True))
    scale = exp(-new_m)[:, None]
    return o * y.reshape(-1), (norms * scale).reshape(-1), (memories * scale[..., None]).reshape(-1), new_m


@reference("mlstm")
def one_memory(p, x, n, C, m):
    return mlstm(p, x, n, C, m, 1)


@reference("mlstm", options={"heads": 2}, units=4, free=False)
def two_memories(p, x, n, C, m):
    return mlstm(p, x, n, C, m, 2)
