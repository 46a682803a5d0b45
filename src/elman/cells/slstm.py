"""The sLSTM of xLSTM."""

from __future__ import annotations

import numpy as np

from elman.cells.options import heads_of, one_of
from elman.equations import blocks, cell, equal, exp, maximum, sigmoid, softplus, tanh, where


def _from_3_to_6(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.linspace(3.0, 6.0, shape[0])


@cell(initial={"b_f": _from_3_to_6})
def slstm(p, x, h, c, n, m, *, forget="sigmoid", heads=1):
    """sLSTM: an LSTM with exponential gates, which can revise what it stored, and a normaliser ``n``.

    The input gate is an exponential, so that something new can outweigh all that is stored. ``n`` is the sum of the
    weights and ``c / n`` a weighted mean, within (-1, 1). ``m`` is the logarithm by which both are divided lest they
    overflow: the output does not depend on it. For tasks that need states to be tracked, such as parity. With `heads`
    the recurrent matrices are block-diagonal: units of a head mix among themselves. The forget gate is `forget`,
    ``"sigmoid"`` or ``"exp"``.

    Parameters ``W_k`` (H, F), ``U_k`` (H, H / heads), the blocks below one another, ``b_k`` (H) for k in i, f, z, o.
    ``b_f`` starts at 3 to 6, evenly, as the authors' code does (its small_init); it starts the recurrent weights at 0,
    here they are orthogonal. While nothing is stored (``n = 0``) m is that of the input, as if it began at minus
    infinity; the authors' code does so only where that is so in all rows and units.

    Reference: M. Beck, K. Pöppel, M. Spanring, A. Auer, O. Prudnikova, M. Kopp, G. Klambauer, J. Brandstetter and
    S. Hochreiter, xLSTM: extended long short-term memory, NeurIPS 2024.
    """
    one_of(forget, "forget", ("sigmoid", "exp"))
    heads = heads_of(h, heads)
    U_i, U_f, U_z, U_o = (_recurrent(U, heads) for U in (p.U_i, p.U_f, p.U_z, p.U_o))
    log_i = p.W_i @ x + U_i @ h + p.b_i
    raw_f = p.W_f @ x + U_f @ h + p.b_f
    log_f = raw_f if forget == "exp" else -softplus(-raw_f)
    z = tanh(p.W_z @ x + U_z @ h + p.b_z)
    o = sigmoid(p.W_o @ x + U_o @ h + p.b_o)
    before = where(equal(n, 0), log_i - log_f, m)
    m = maximum(log_f + before, log_i)
    i, f = exp(log_i - m), exp(log_f + before - m)
    c, n = f * c + i * z, f * n + i
    return o * c / n, c, n, m


def _recurrent(U, heads):
    return U if heads == 1 else blocks(U, heads)
