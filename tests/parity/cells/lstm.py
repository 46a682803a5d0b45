"""LSTM with forget gate (Gers, Schmidhuber and Cummins 2000), and with peepholes (Gers and Schmidhuber 2000)."""

import torch
from tests.parity.cells import reference


def gers(p, x, h, c, squash):
    """One stacked product of [x, h]; the cell state is squashed on its way in and out."""
    stacked = torch.cat([torch.cat([getattr(p, f"W_{k}"), getattr(p, f"U_{k}")], 1) for k in "ifog"])
    net = stacked @ torch.cat([x, h]) + torch.cat([p.b_i, p.b_f, p.b_o, p.b_g])
    y_in, y_forget, y_out = torch.sigmoid(net[: 3 * len(h)]).chunk(3)
    s = c * y_forget + squash(net[3 * len(h) :]) * y_in
    return squash(s) * y_out, s


@reference("lstm")
def squashed(p, x, h, c):
    return gers(p, x, h, c, torch.tanh)


@reference("lstm", options={"activation": "linear"})
def linear(p, x, h, c):
    return gers(p, x, h, c, lambda a: a)


@reference("peephole_lstm")
def peepholes(p, x, h, c):
    """Input and forget gate look at the old cell state, the output gate at the new one."""
    see = torch.cat([x, h])
    y_in, y_forget = torch.sigmoid(
        torch.cat([torch.cat([p.W_i, p.U_i, torch.diag(p.v_i)], 1), torch.cat([p.W_f, p.U_f, torch.diag(p.v_f)], 1)])
        @ torch.cat([see, c])
        + torch.cat([p.b_i, p.b_f])
    ).chunk(2)
    s = c * y_forget + y_in * torch.tanh(torch.cat([p.W_g, p.U_g], 1) @ see + p.b_g)
    y_out = torch.sigmoid(torch.cat([p.W_o, p.U_o, torch.diag(p.v_o)], 1) @ torch.cat([see, s]) + p.b_o)
    return y_out * torch.tanh(s), s
