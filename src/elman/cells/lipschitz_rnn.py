"""The Lipschitz recurrent network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, tanh

ABOVE_1 = 1 + 2**-52


def _small_normal(random, shape):
    """The authors' start: normal with deviation 1 / H."""
    return random.normal(0.0, 1 / shape[0], shape)


@cell(initial={"M_A": _small_normal, "M_W": _small_normal, "W": "fan_in_uniform"})
def lipschitz_rnn(p, x, h, *, epsilon=0.03, beta=0.75, gamma_A=0.001, gamma_W=0.001, bias=True):
    """LipschitzRNN: Euler steps of a differential equation with a linear part and a Lipschitz-continuous one.

    Each of its two matrices is a blend of the symmetric and the antisymmetric part of a parameter, less some diffusion:
    ``beta`` sets how wide the real parts of its eigenvalues are spread, 1 is antisymmetric, and ``gamma`` moves them to
    the left. If the eigenvalues of A's symmetric part lie below minus the norm of W_h, states that differ meet
    exponentially. For long sequences and noisy inputs, where it trains as steadily as `antisymmetric_rnn` and is less
    bound to keep everything.

    Parameters ``M_A M_W`` (H, H), ``W`` (H, F), ``b`` (H), the last one not with ``bias=False``; the paper's input
    matrix is U. Options ``epsilon`` (step size), ``beta`` in [0.5, 1], ``gamma_A``, ``gamma_W``: defaults of the
    paper's pixel-by-pixel MNIST. ``M_A`` and ``M_W`` start normal with deviation 1 / H, as in the authors' code, which
    multiplies by the transposed matrices (of the same distribution) and has one gamma for both.

    Reference: N. B. Erichson, O. Azencot, A. Queiruga, L. Hodgkinson and M. W. Mahoney, Lipschitz recurrent neural
    networks, ICLR 2021.
    """
    epsilon, beta = real(epsilon, "epsilon", 0), real(beta, "beta", 0.5, ABOVE_1, "in [0.5, 1]", from_low=True)
    gamma_A, gamma_W = (real(g, n, 0, from_low=True) for g, n in ((gamma_A, "gamma_A"), (gamma_W, "gamma_W")))
    A = (1 - beta) * (p.M_A + p.M_A.T) + beta * (p.M_A - p.M_A.T)
    W_h = (1 - beta) * (p.M_W + p.M_W.T) + beta * (p.M_W - p.M_W.T)
    z = plus(W_h @ h - gamma_W * h + p.W @ x, flag(bias, "bias") and p.b)
    return h + epsilon * (A @ h - gamma_A * h + tanh(z))
