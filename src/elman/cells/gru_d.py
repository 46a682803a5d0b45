"""The GRU with decay, for values that are missing."""

from __future__ import annotations

from elman.equations import cell, exp, maximum, sigmoid, tanh
from elman.equations.ranges import within


@cell(inputs=3)
def gru_d(p, x, observed, gap, h, last):
    """GRU-D: a GRU for missing values, which fade from the last one observed to the mean, as the state does.

    For irregular records, such as of patients, where what is missing tells something. Inputs, F features each: the
    values ``x`` (any finite number where missing), ``observed`` (1 where a value is there, else 0) and ``gap``, the
    time since the last observation of each value (before this step). Shifted and scaled values have mean 0; where they
    have not, give the ``mean`` by ``initial={"mean": ...}``. The paper keeps it fixed (freeze it), and so are the decay
    rates learnt, one for each value and unit.

    Parameters ``w_x b_x`` (F), of the decay of values; ``W_h`` (H, F), ``b_h`` (H), of the decay of the state; ``mean``
    (F); ``W_k`` (H, F), ``U_k`` (H, H), ``V_k`` (H, F) of ``observed``, ``b_k`` (H) for k in r, z, n. As in the paper
    ``z`` lets the candidate in (`gru` has it the other way round). The rates start at 0, no decay; as the slope of
    max(0, a) at 0 is 1 from this side, they can grow.

    The authors' code differs from the paper: it blends the candidate with the state before its decay, gives the gates
    ``1 - observed``, has no mean, and a sigmoid in place of tanh by default.

    Reference: Z. Che, S. Purushotham, K. Cho, D. Sontag and Y. Liu, Recurrent neural networks for multivariate time
    series with missing values, Scientific Reports 8 (2018).
    """
    observed, gap = within(observed, "whether a value is there", 0, 1), within(gap, "the time since the last value")
    gamma_x = exp(-maximum(p.w_x * gap + p.b_x, 0))
    gamma_h = exp(-maximum(p.W_h @ gap + p.b_h, 0))
    last = observed * x + (1 - observed) * last
    x_hat = observed * x + (1 - observed) * (gamma_x * last + (1 - gamma_x) * p.mean)
    h_hat = gamma_h * h
    r = sigmoid(p.W_r @ x_hat + p.U_r @ h_hat + p.V_r @ observed + p.b_r)
    z = sigmoid(p.W_z @ x_hat + p.U_z @ h_hat + p.V_z @ observed + p.b_z)
    n = tanh(p.W_n @ x_hat + p.U_n @ (r * h_hat) + p.V_n @ observed + p.b_n)
    return (1 - z) * h_hat + z * n, last
