"""Collins, Sohl-Dickstein and Sussillo 2017: the UGRNN, and the intersection RNN with s1 = relu and s2 = tanh."""

import torch
from tests.parity.cells import reference
from torch import relu, sigmoid, tanh


@reference("ugrnn")
def ugrnn(p, x, h):
    c = tanh(torch.cat([p.U_c, p.W_c], 1) @ torch.cat([h, x]) + p.b_c)
    g = sigmoid(torch.cat([p.U_g, p.W_g], 1) @ torch.cat([h, x]) + p.b_g)
    return g * h + (1 - g) * c


def intersection(p, x, h):
    names = ("y", "h", "gy", "gh")
    W, U, b = (torch.cat([getattr(p, f"{kind}_{k}") for k in names]) for kind in "WUb")
    y_in, h_in, g_y, g_h = (torch.cat([U, W], 1) @ torch.cat([h, x]) + b).chunk(4)
    y_in, h_in, g_y, g_h = relu(y_in), tanh(h_in), sigmoid(g_y), sigmoid(g_h)
    return g_y * x + (1 - g_y) * y_in, g_h * h + (1 - g_h) * h_in


@reference("intersection_rnn")
def first_of_a_stack(p, x, h):
    return intersection(p, p.W_x @ x, h)


@reference("intersection_rnn", options={"projected": False}, features=[3], free=False)
def higher_in_a_stack(p, x, h):
    return intersection(p, x, h)
