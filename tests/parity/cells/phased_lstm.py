"""Neil, Pfeiffer and Liu 2016: an LSTM with peepholes, whose changes a rhythmic gate k lets in; as in the authors' code
the output gate looks at the cell state before k has blended it with the old one.
"""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def openness(p, t, leak):
    phi = torch.remainder(t - p.s, p.tau) / p.tau
    rising, falling = 2 * phi / p.r_on, 2 - 2 * phi / p.r_on
    return torch.where(phi < p.r_on / 2, rising, torch.where(phi < p.r_on, falling, leak * phi))


def phased(p, x, h, c, t, leak, peepholes=True):
    v_i, v_f, v_o = (p.v_i, p.v_f, p.v_o) if peepholes else (0, 0, 0)
    k, see = openness(p, t, leak), torch.cat([x, h])
    i = sigmoid(torch.cat([p.W_i, p.U_i], 1) @ see + v_i * c + p.b_i)
    f = sigmoid(torch.cat([p.W_f, p.U_f], 1) @ see + v_f * c + p.b_f)
    proposed = f * c + i * tanh(torch.cat([p.W_g, p.U_g], 1) @ see + p.b_g)
    c = k * proposed + (1 - k) * c
    o = sigmoid(torch.cat([p.W_o, p.U_o], 1) @ see + v_o * proposed + p.b_o)
    return k * o * tanh(proposed) + (1 - k) * h, c


RHYTHM = {"tau": [2.0, 8.0], "s": [0.0, 10.0], "r_on": [0.25, 0.75], "t": [0.0, 7.0, 1.0], "time": [0.0, 20.0]}


@reference("phased_lstm", ranges=RHYTHM)
def steps(p, x, h, c, t):
    return *phased(p, x, h, c, t, 0.001), t + 1


@reference("phased_lstm", options={"leak": 0.25, "peepholes": False}, ranges=RHYTHM)
def leaking(p, x, h, c, t):
    return *phased(p, x, h, c, t, 0.25, False), t + 1


@reference("timed_phased_lstm", features=[2, 1], ranges=RHYTHM, free=False)
def timed(p, x, time, h, c):
    return phased(p, x, h, c, time, 0.001)
