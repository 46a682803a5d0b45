"""Kim, El-Khamy and Lee 2017: the output gate scales the projected cell output plus the shortcut."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def residual(p, x, h, c, shortcut):
    see = torch.cat([x, h, c])
    i = sigmoid(torch.cat([p.W_i, p.U_i, torch.diag(p.v_i)], 1) @ see + p.b_i)
    f = sigmoid(torch.cat([p.W_f, p.U_f, torch.diag(p.v_f)], 1) @ see + p.b_f)
    c = f * c + i * tanh(torch.cat([p.W_g, p.U_g], 1) @ torch.cat([x, h]) + p.b_g)
    o = sigmoid(torch.cat([p.W_o, p.U_o, torch.diag(p.v_o)], 1) @ torch.cat([x, h, c]) + p.b_o)
    m = p.W_p @ tanh(c)
    return o * (m + shortcut), c


@reference("residual_lstm")
def widened(p, x, h, c):
    return residual(p, x, h, c, p.W_h @ x)


@reference("residual_lstm", options={"projected": False}, features=[3], free=False)
def equal_widths(p, x, h, c):
    return residual(p, x, h, c, x)
