"""The LSTM whose weights another LSTM scales."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import flag
from elman.equations import cell, concat, normalise, sigmoid, tanh


def _tenth(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, 0.1 / shape[1])


def _small(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.normal(0.0, 0.01, shape)


_START: dict[str, Any] = {
    name: value
    for k in "igfo"
    for name, value in {
        **{f"Z_{a}{k}": 0.0 for a in "hx"},
        **{f"z_{a}{k}": 1.0 for a in "hx"},
        **{f"D_{a}{k}": _tenth for a in "hx"},
        f"Z_b{k}": _small,
        f"D_b{k}": 0.0,
        **dict.fromkeys((f"s_{k}", f"hat_s_{k}"), 1.0),
        **dict.fromkeys((f"W_{k}", f"hat_W_{k}"), "orthogonal"),
    }.items()
}


@cell(initial={**_START, "s_c": 1.0, "hat_s_c": 1.0, "b_f": 1.0, "hat_b_f": 1.0})
def hyper_lstm(p, x, h, c, h_hat, c_hat, *, normalised=True):
    """HyperLSTM: a small LSTM scales the rows of a large one's matrices, and sets its biases, anew at each step.

    For text and handwriting, where it was better than an LSTM of equal size; slower by the small one and twelve
    projections. The small LSTM sees the input and the output of the large one; ``sizes={"h_hat": 16}`` makes it small
    (H if nothing is said), and ``sizes={"Z_hi": 4, ...}`` the embeddings (H as well). With `normalised` gates and cell
    states of both are normalised as in the paper; without, there are no ``s`` and ``t``.

    Parameters of the small LSTM ``hat_W_k`` (S, H + F), of the output beside the input, ``hat_U_k`` (S, S), ``hat_b_k``
    (S) for k in i, g, f, o. Of the large one ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H). Of the scales ``d = D (Z
    h_hat + z)``: ``Z_hk Z_xk Z_bk`` (N, S), ``z_hk z_xk`` (N), ``D_hk D_xk D_bk`` (H, N), with h for U, x for W and b
    for biases. ``s_k t_k s_c t_c`` (H) and ``hat_s_k hat_t_k hat_s_c hat_t_c`` (S), gains and biases of the
    normalisations. As in the paper ``Z_h``, ``Z_x`` and ``D_b`` start at 0, ``z`` at 1, ``D_h`` and ``D_x`` at 0.1 / N,
    so that all scales are 0.1, ``Z_b`` normal with deviation 0.01, all ``W`` and ``U`` orthogonal. Forget biases start
    at 1, as in the authors' code; in the paper at 0.

    The scales come from the small LSTM's state of the step before, as the paper's equation 11 says; the author's code
    and others take that of the same step.

    Reference: D. Ha, A. Dai and Q. V. Le, HyperNetworks, ICLR 2017, appendix A.2.2.
    """
    level = _normalised if flag(normalised, "normalised") else _plain
    i = sigmoid(level(p, "i", _scaled(p, "i", x, h, h_hat)))
    g = tanh(level(p, "g", _scaled(p, "g", x, h, h_hat)))
    f = sigmoid(level(p, "f", _scaled(p, "f", x, h, h_hat)))
    o = sigmoid(level(p, "o", _scaled(p, "o", x, h, h_hat)))
    c = f * c + i * g
    x_hat = concat(h, x)
    i_hat = sigmoid(level(p, "i", p.hat_W_i @ x_hat + p.hat_U_i @ h_hat + p.hat_b_i, "hat_"))
    g_hat = tanh(level(p, "g", p.hat_W_g @ x_hat + p.hat_U_g @ h_hat + p.hat_b_g, "hat_"))
    f_hat = sigmoid(level(p, "f", p.hat_W_f @ x_hat + p.hat_U_f @ h_hat + p.hat_b_f, "hat_"))
    o_hat = sigmoid(level(p, "o", p.hat_W_o @ x_hat + p.hat_U_o @ h_hat + p.hat_b_o, "hat_"))
    c_hat = f_hat * c_hat + i_hat * g_hat
    return o * tanh(level(p, "c", c)), c, o_hat * tanh(level(p, "c", c_hat, "hat_")), c_hat


def _scaled(p, k, x, h, h_hat):
    """The products of a gate, scaled row by row, and its bias."""
    Z, z, D = ({a: getattr(p, f"{name}_{a}{k}") for a in "hxb" if name != "z" or a != "b"} for name in ("Z", "z", "D"))
    of_h, of_x = (D[a] @ (Z[a] @ h_hat + z[a]) for a in "hx")
    return (
        of_h * (getattr(p, f"U_{k}") @ h) + of_x * (getattr(p, f"W_{k}") @ x) + _bias(p, k, D["b"] @ (Z["b"] @ h_hat))
    )


def _bias(p, k, of_b):
    return of_b + getattr(p, f"b_{k}")


def _normalised(p, k, values, of=""):
    return getattr(p, f"{of}s_{k}") * normalise(values) + getattr(p, f"{of}t_{k}")


def _plain(p, k, values, of=""):
    return values
