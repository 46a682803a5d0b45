"""Ha, Dai and Le 2017, appendix A.2.2, eq. 10-13, without dropout; LN is of each gate, also in the small LSTM."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def LN(z, gain, bias):
    return torch.nn.functional.layer_norm(z, z.shape, gain, bias, eps=1e-5)


def hyper(p, x, h, c, h_hat, c_hat, normalise):
    x_hat, at = torch.cat([h, x]), lambda kind, k: getattr(p, f"{kind}_{k}")

    def LN_of(kind, k, z):
        return LN(z, at(f"{kind}s", k), at(f"{kind}t", k)) if normalise else z

    i, g, f, o = (LN_of("hat_", k, at("hat_U", k) @ h_hat + at("hat_W", k) @ x_hat + at("hat_b", k)) for k in "igfo")
    c_new = sigmoid(f) * c_hat + sigmoid(i) * tanh(g)
    h_new = sigmoid(o) * tanh(LN_of("hat_", "c", c_new))
    gates = []
    for k in "igfo":
        z_h, z_x = at("Z", "h" + k) @ h_hat + at("z", "h" + k), at("Z", "x" + k) @ h_hat + at("z", "x" + k)
        d_h, d_x = at("D", "h" + k) @ z_h, at("D", "x" + k) @ z_x
        b = at("D", "b" + k) @ (at("Z", "b" + k) @ h_hat) + at("b", k)
        gates.append(LN_of("", k, d_h * (at("U", k) @ h) + d_x * (at("W", k) @ x) + b))
    i, g, f, o = gates
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(LN_of("", "c", c)), c, h_new, c_new


@reference("hyper_lstm", units=4, sizes={"h_hat": 3})
def normalised(p, x, h, c, h_hat, c_hat):
    return hyper(p, x, h, c, h_hat, c_hat, True)


@reference("hyper_lstm", options={"normalised": False}, units=4, sizes={"h_hat": 3})
def without(p, x, h, c, h_hat, c_hat):
    return hyper(p, x, h, c, h_hat, c_hat, False)
