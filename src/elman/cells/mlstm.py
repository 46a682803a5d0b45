"""The mLSTM of xLSTM."""

from __future__ import annotations

import numpy as np

from elman.cells.options import heads_of
from elman.equations import abs, cell, concat, exp, matvec, maximum, outer, sigmoid, softplus, split, sqrt, sum


def _from_3_to_6(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.linspace(3.0, 6.0, shape[0])


def _three_glorot(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Glorot-uniform matrices of queries, keys and values, below one another."""
    bound = np.sqrt(6 / (shape[0] / 3 + shape[1]))
    return random.uniform(-bound, bound, shape)


def _near_0(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.normal(0.0, 0.1, shape)


@cell(initial={"W": _three_glorot, "W_i": 0.0, "W_f": 0.0, "b_i": _near_0, "b_f": _from_3_to_6})
def mlstm(p, x, n, C, m, *, heads=1):
    """mLSTM: a memory that is a matrix, to which keys with values are added and of which queries read values.

    Holds far more than a vector does: about as many pairs of key and value as a head has units. Exponential input gates
    can outweigh all that is stored. Nothing of the output goes back into the gates, so that all products with
    parameters leave the time loop; a state is H / heads times as large as an LSTM's. For recall; for tracking of states
    choose `slstm`. ``C`` is the memory of each head, row after row, ``n`` the sum of its keys, ``m`` the logarithm by
    which both are divided lest they overflow: the output ``y`` does not depend on it.

    Parameters ``W`` (3 H, F): the matrices of queries, keys and values below one another; ``b_q b_k b_v`` (H); ``W_i
    W_f`` (heads, F), ``b_i b_f`` (heads), one gate for each head; ``W_o`` (H, F), ``b_o`` (H). As in the authors' code
    the gates' weights start at 0, ``b_f`` at 3 to 6, ``b_i`` normal with deviation 0.1.

    The authors' code differs: its keys' bias is divided by the root of d as well, d = H / heads, its gates read
    queries, keys and values in place of x, its denominator has 1e-6 added, and a group normalisation follows (a
    `LayerNorm` above this cell is that of one head).

    Reference: M. Beck, K. Pöppel, M. Spanring, A. Auer, O. Prudnikova, M. Kopp, G. Klambauer, J. Brandstetter and
    S. Hochreiter, xLSTM: extended long short-term memory, NeurIPS 2024.
    """
    heads = heads_of(n, heads)
    q, k, v = split(p.W @ x, 3)
    d = sum(1 + 0 * k) / heads
    q, k, v = q + p.b_q, k / sqrt(d) + p.b_k, v + p.b_v
    log_i, log_f = p.W_i @ x + p.b_i, -softplus(-(p.W_f @ x + p.b_f))
    top = maximum(log_f + m, log_i)
    i, f = exp(log_i - top), exp(log_f + m - top)
    parts = zip(*(_parts(each, heads) for each in (q, k, v, n, C)), strict=True)
    read_of = [_head(*part, *(g[j : j + 1] for g in (i, f, top))) for j, part in enumerate(parts)]
    read, n, C = (each[0] if heads == 1 else concat(*each) for each in zip(*read_of, strict=True))
    o = sigmoid(p.W_o @ x + p.b_o)
    return o * read, n, C, concat(*(top[j : j + 1] for j in range(heads)))


def _parts(values, heads):
    return (values,) if heads == 1 else split(values, heads)


def _head(q, k, v, n, C, i, f, m):
    """What one head reads, and its new states."""
    n, C = f * n + i * k, f * C + i * outer(v, k)
    return matvec(C, q) / maximum(abs(sum(n * q)), exp(-m)), n, C
