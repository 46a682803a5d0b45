"""Zilly et al. 2017, eq. 6-9: s_l = h_l * t_l + s_(l-1) * c_l, with x in the first layer only."""

from tests.parity.cells import reference
from torch import sigmoid, tanh


def highway(p, x, s, depth, coupled):
    for k in range(1, depth + 1):
        first = 1.0 if k == 1 else 0.0
        h = tanh(first * (p.W_h @ x) + getattr(p, f"U_h{k}") @ s + getattr(p, f"b_h{k}"))
        t = sigmoid(first * (p.W_t @ x) + getattr(p, f"U_t{k}") @ s + getattr(p, f"b_t{k}"))
        if coupled:
            c = 1 - t
        else:
            c = sigmoid(first * (p.W_c @ x) + getattr(p, f"U_c{k}") @ s + getattr(p, f"b_c{k}"))
        s = h * t + s * c
    return s


@reference("rhn")
def five(p, x, s):
    return highway(p, x, s, 5, True)


@reference("rhn", options={"depth": 2, "coupled": False})
def two(p, x, s):
    return highway(p, x, s, 2, False)
