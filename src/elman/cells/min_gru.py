"""The minimal gated unit whose gates see the input only."""

from __future__ import annotations

from elman.equations import cell, sigmoid, where


@cell
def min_gru(p, x, h):
    """minGRU: gate and candidate depend on the input only; the state is a running blend of candidates.

    For long sequences at little cost: with no recurrent matrix every product is hoisted out of
    the time loop. The candidate passes through ``g(a) = a + 1/2 where a >= 0, else sigmoid(a)``, which keeps it
    positive.

    Parameters ``W_z b_z W_n b_n``; matrices (H, F).

    Reference: L. Feng et al., Were RNNs all we needed?, arXiv 2410.01201 (2024), with the log-space variant's g.
    """
    z = sigmoid(p.W_z @ x + p.b_z)
    a = p.W_n @ x + p.b_n
    n = where(a >= 0, a + 0.5, sigmoid(a))
    return (1 - z) * h + z * n
