"""Sak, Senior and Beaufays 2014, without the projection p that does not recur; PyTorch's has no peepholes."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


@reference("projected_lstm", sizes={"c": 5})
@reference("projected_lstm")
def sak(p, x, r, c):
    see = torch.cat([x, r])
    i = sigmoid(torch.cat([p.W_i, p.U_i], 1) @ see + p.v_i * c + p.b_i)
    f = sigmoid(torch.cat([p.W_f, p.U_f], 1) @ see + p.v_f * c + p.b_f)
    c = f * c + i * tanh(torch.cat([p.W_g, p.U_g], 1) @ see + p.b_g)
    o = sigmoid(torch.cat([p.W_o, p.U_o], 1) @ see + p.v_o * c + p.b_o)
    return p.W_r @ (o * tanh(c)), c


@reference("projected_lstm", options={"peepholes": False}, sizes={"c": 5})
def pytorch(p, x, r, c):
    """torch.nn.LSTM of one step, whose gates are stacked i, f, g, o."""
    unit = torch.nn.LSTM(len(x), len(c), proj_size=len(r), dtype=torch.float64)
    arrays = {
        "weight_ih_l0": torch.cat([p.W_i, p.W_f, p.W_g, p.W_o]),
        "weight_hh_l0": torch.cat([p.U_i, p.U_f, p.U_g, p.U_o]),
        "bias_ih_l0": torch.cat([p.b_i, p.b_f, p.b_g, p.b_o]),
        "bias_hh_l0": torch.zeros(4 * len(c)),
        "weight_hr_l0": p.W_r,
    }
    _, (r, c) = torch.func.functional_call(unit, arrays, (x[None], (r[None], c[None])))
    return r[0], c[0]
