"""Koutnik et al. 2014: a unit is computed where t mod T = 0, from modules as slow or slower."""

import torch
from tests.parity.cells import reference

CLOCKS = {"period": [1.0, 4.0, 1.0], "t": [0.0, 7.0, 1.0]}


def ticking(p, x, y, t, f):
    new = []
    for i, period in enumerate(p.period.tolist()):
        slower = torch.tensor([float(other >= period) for other in p.period.tolist()])
        value = f(p.W[i] @ x + (slower * p.U[i]) @ y + p.b[i])
        new.append(value if t[i].item() % period == 0 else y[i])
    return torch.stack(new), t + 1


@reference("clockwork_rnn", ranges=CLOCKS)
def squashed(p, x, y, t):
    return ticking(p, x, y, t, torch.tanh)


@reference("clockwork_rnn", options={"activation": "linear"}, ranges=CLOCKS)
def linear(p, x, y, t):
    return ticking(p, x, y, t, lambda a: a)
