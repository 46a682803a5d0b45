"""The LSTM with layer normalisation."""

from __future__ import annotations

from typing import Any

from elman.cells.options import epsilon_of
from elman.checks import flag
from elman.equations import cell, concat, normalise, sigmoid, split, tanh

_GATES = "ifgo"
_GAINS = {f"{gain}_{gate}": 1.0 for gain in ("s", "t") for gate in _GATES}


@cell(initial={"b_f": 1.0, "s_c": 1.0, **_GAINS})
def layer_norm_lstm(p, x, h, c, *, epsilon=1e-5, together=False):
    """The LSTM with layer normalisation: each product is brought to mean 0 and variance 1 before it is used.

    Steadies the dynamics of the hidden state; each gate's products are normalised with gains ``s_k`` (input) and
    ``t_k`` (recurrent), the cell state with gain ``s_c`` and bias ``b_c``; other parameters as the LSTM's. With
    ``together=True`` the products of all gates are normalised as one vector of 4 H values, which is the paper's eq. 20:
    how large a gate's products are beside those of the others is then kept. The parameters are the same (the two biases
    of the paper's normalisations are one with ``b_k``).

    Reference: J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv 1607.06450 (2016), eq. 20-22, each
    gate by itself.
    """
    a = (_together if flag(together, "together") else _apart)(p, x, h, epsilon_of(epsilon))
    i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), tanh(a[2]), sigmoid(a[3])
    c = f * c + i * g
    return o * tanh(p.s_c * normalise(c, epsilon) + p.b_c), c


def _named(p: Any, name: str) -> list[Any]:
    return [getattr(p, f"{name}_{k}") for k in _GATES]


def _apart(p: Any, x: Any, h: Any, epsilon: float) -> list[Any]:
    return [
        s * normalise(W @ x, epsilon) + t * normalise(U @ h, epsilon) + b
        for s, W, t, U, b in zip(*(_named(p, name) for name in ("s", "W", "t", "U", "b")), strict=True)
    ]


def _together(p: Any, x: Any, h: Any, epsilon: float) -> list[Any]:
    of_x = split(normalise(concat(*(W @ x for W in _named(p, "W"))), epsilon), 4)
    of_h = split(normalise(concat(*(U @ h for U in _named(p, "U"))), epsilon), 4)
    gains = zip(_named(p, "s"), of_x, _named(p, "t"), of_h, _named(p, "b"), strict=True)
    return [s * u + t * v + b for s, u, t, v, b in gains]
