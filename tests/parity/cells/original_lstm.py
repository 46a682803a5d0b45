"""Hochreiter and Schmidhuber 1997: g in [-2, 2], h in [-1, 1], scaled logistic functions."""

import torch
from tests.parity.cells import reference


@reference("original_lstm")
def constant_error_carrousel(p, x, h, c):
    stacked = torch.cat([torch.cat([getattr(p, f"W_{k}"), getattr(p, f"U_{k}")], 1) for k in "iog"])
    net_in, net_out, net_c = (stacked @ torch.cat([x, h]) + torch.cat([p.b_i, p.b_o, p.b_g])).chunk(3)
    s = c + torch.sigmoid(net_in) * (4 / (1 + torch.exp(-net_c)) - 2)
    return torch.sigmoid(net_out) * (2 / (1 + torch.exp(-s)) - 1), s
