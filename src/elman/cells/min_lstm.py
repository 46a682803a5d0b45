"""The minimal LSTM whose gates see the input only."""

from __future__ import annotations

from elman.checks import flag
from elman.equations import cell, sigmoid, softplus, where


@cell
def min_lstm(p, x, h, *, positive=True):
    """minLSTM: forget and input gate depend on the input only, and are shares of a whole.

    With no recurrent matrix every product is hoisted out of the time loop; a state is a weighted mean of the candidates
    so far, whose weights cannot depend on the state. `min_gru` has one gate less. With `positive` the candidate passes
    through ``g(a) = a + 1/2 where a >= 0, else sigmoid(a)``, as in the paper's log-space variant and in `min_gru`;
    with False it is plain, as in the paper's section 3.

    Parameters ``W_f b_f W_i b_i W_n b_n``; matrices (H, F). The forget gate's share, ``f / (f + i)``, is computed from
    the logarithms of both, as in the paper's appendix, so that it is known where both are 0 to the rounding.

    Reference: L. Feng, F. Tung, M. O. Ahmed, Y. Bengio and H. Hajimirsadeghi, Were RNNs all we needed?, arXiv
    2410.01201 (2024).
    """
    log_f = -softplus(-(p.W_f @ x + p.b_f))
    log_i = -softplus(-(p.W_i @ x + p.b_i))
    a = p.W_n @ x + p.b_n
    n = where(a >= 0, a + 0.5, sigmoid(a)) if flag(positive, "positive") else a
    f = sigmoid(log_f - log_i)
    return f * h + (1 - f) * n
