"""Zilly et al. 2017, eq. 6-9: s_l = h_l * t_l + s_(l-1) * c_l, with x in the first layer only."""

from tests.parity.cells import reference
from torch import sigmoid, tanh


def layer(p, kind, k, x, s):
    of_x = getattr(p, f"W_{kind}") @ x if k == 1 else 0
    return of_x + getattr(p, f"U_{kind}{k}") @ s + getattr(p, f"b_{kind}{k}")


def highway(p, x, s, depth, coupled):
    for k in range(1, depth + 1):
        h, t = tanh(layer(p, "h", k, x, s)), sigmoid(layer(p, "t", k, x, s))
        c = 1 - t if coupled else sigmoid(layer(p, "c", k, x, s))
        s = h * t + s * c
    return s


@reference("rhn")
def five(p, x, s):
    return highway(p, x, s, 5, True)


@reference("rhn", options={"depth": 2, "coupled": False})
def two(p, x, s):
    return highway(p, x, s, 2, False)
