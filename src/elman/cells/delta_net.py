"""Fast weights that learn by the delta rule."""

from __future__ import annotations

from elman.cells.options import epsilon_of
from elman.checks import whole
from elman.equations import cell, concat, matvec, outer, relu, roll, scalar, sigmoid, sum

MOST = 64  # products of a feature with those behind it


@cell
def delta_net(p, x, W, *, nu=1, epsilon=1e-6):
    """DeltaNet: a matrix of fast weights that maps keys to values, corrected at each step by the delta rule.

    At each step the value that the matrix gives for a key is moved towards a new one by a share ``beta``: what is
    stored under a key can be replaced, where linear attention only adds. For recall of pairs; all products with
    parameters leave the time loop, the state has values times features of keys. Keys and queries pass through DPFP,
    ``k_i k_{i + j}`` for j up to `nu`, below 2 d, of their positive and negative parts, which makes 2 d nu features of
    d, and are divided by their sum (and `epsilon`, as of some keys all features are 0).

    Parameters ``W_k W_q`` (d, F), with d = H or ``sizes={"W_k": d, "W_q": d}``; ``W_v`` (H, F); ``w_beta`` (F),
    ``b_beta`` (1). The output ``y`` is what the query reads. A layer has one head; the paper's are several beside one
    another.

    Reference: I. Schlag, K. Irie and J. Schmidhuber, Linear transformers are secretly fast weight programmers, ICML
    2021.
    """
    nu, epsilon = whole(nu, "nu", most=MOST), epsilon_of(epsilon)
    k = _dpfp(p.W_k @ x, nu, epsilon)
    q = _dpfp(p.W_q @ x, nu, epsilon)
    beta = sigmoid(sum(p.w_beta * x) + scalar(p.b_beta))
    W = W + beta * outer(p.W_v @ x - matvec(W, k), k)
    return matvec(W, q), W


def _dpfp(x, nu, epsilon):
    """The deterministic parameter-free projection, its sum 1."""
    r = relu(concat(x, -x))
    features = concat(*(r * roll(r, -j) for j in range(1, nu + 1)))
    return features / (sum(features) + epsilon)
