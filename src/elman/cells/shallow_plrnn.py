"""The shallow piecewise linear recurrent network."""

from __future__ import annotations

import numpy as np

from elman.checks import flag
from elman.equations import cell, relu


def _diagonal(random, shape):
    """The diagonal of a random positive definite matrix whose largest eigenvalue is 1: the authors' start."""
    M = shape[0]
    R = random.normal(size=(M, M))
    K = R.T @ R / M + np.eye(M)
    return np.diag(K) / np.linalg.eigvalsh(K).max()


@cell(initial={"a": _diagonal, "U_1": "fan_in_uniform", "U_2": "fan_in_uniform"})
def shallow_plrnn(p, x, z, *, clipped=False):
    """shallowPLRNN: a linear step and a network of one hidden layer, piecewise linear: dynamics to be reconstructed.

    Fixed points and cycles of piecewise linear maps can be computed exactly, so what it has learnt can be read. For
    reconstructing dynamical systems from their series with few states and many hidden units L, by generalised teacher
    forcing. With ``clipped=True`` states are bounded if all ``|a|`` are below 1.

    Parameters ``a`` (H), ``U_1`` (H, L), ``U_2`` (L, H), ``b_1`` (H), ``b_2`` (L), ``W`` (H, F) of the inputs; the
    paper's A, W_1, W_2, h_1, h_2, C. The hidden units by ``sizes={"U_2": L}``, else L = H. ``a`` starts with the
    diagonal of a random positive definite matrix of largest eigenvalue 1, ``U_1`` and ``U_2`` uniform within
    1 / sqrt(fan in), as in the authors' code.

    Reference: F. Hess, Z. Monfared, M. Brenner and D. Durstewitz, Generalized teacher forcing for learning chaotic
    dynamics, ICML 2023.
    """
    s = p.U_2 @ z
    hidden = relu(s + p.b_2)
    if flag(clipped, "clipped"):
        hidden = hidden - relu(s)
    return p.a * z + p.U_1 @ hidden + p.b_1 + p.W @ x
