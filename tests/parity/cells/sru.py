"""Lei et al. 2018, eq. 1-4; alpha is the scaling correction."""

import torch
from tests.parity.cells import reference


def light(p, x, c, carried):
    candidate, f, r = (torch.cat([p.W, p.W_f, p.W_r]) @ x).chunk(3)
    f = torch.sigmoid(f + p.v_f * c + p.b_f)
    r = torch.sigmoid(r + p.v_r * c + p.b_r)
    c = f * c + (1 - f) * candidate
    return r * c + (1 - r) * carried, c


@reference("sru")
def widened(p, x, c):
    return light(p, x, c, p.W_x @ x)


@reference("sru", options={"projected": False, "alpha": 1.75}, features=[3], free=False)
def scaled(p, x, c):
    return light(p, x, c, 1.75 * x)
