"""Ba, Kiros and Hinton 2016, eq. 20-22, where each gate is a layer of its own: LN(z; alpha, beta)."""

import torch
from tests.parity.cells import reference


def LN(z, gain, bias=None):
    return torch.nn.functional.layer_norm(z, z.shape, gain, bias, eps=1e-5)


@reference("layer_norm_lstm", units=4)
def each_gate(p, x, h, c):
    f, i, o, g = (
        LN(getattr(p, f"U_{k}") @ h, getattr(p, f"t_{k}"))
        + LN(getattr(p, f"W_{k}") @ x, getattr(p, f"s_{k}"), getattr(p, f"b_{k}"))
        for k in "fiog"
    )
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(LN(c, p.s_c, p.b_c)), c
