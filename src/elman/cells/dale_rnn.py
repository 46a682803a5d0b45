"""The recurrent network of excitatory and inhibitory units."""

from __future__ import annotations

import numpy as np

from elman.cells.options import euler_share, signs
from elman.equations import cell, relu

EXCITATORY = 0.8  # the share of cortical neurons
RADIUS = 1.5  # the paper's first spectral radius


def _signs(random, shape):
    """1 of the first four fifths of units, -1 of the others; of a single unit 1."""
    excitatory = max(1, round(EXCITATORY * shape[0]))
    return np.where(np.arange(shape[0]) < excitatory, 1.0, -1.0)


def _balanced(random, shape):
    """Gamma-distributed, none from a unit to itself; few inhibitory units balance many excitatory ones."""
    d = _signs(random, shape)
    weights = random.gamma(2.0, 1.0, shape) * (1 - np.eye(*shape))
    weights[:, d < 0] *= (d > 0).sum() / max(1, (d < 0).sum())
    radius = np.abs(np.linalg.eigvals(weights * d)).max()
    return weights * (RADIUS / radius if radius > 1e-9 else 1.0)


def _positive(random, shape):
    return random.uniform(0.0, 1 / np.sqrt(shape[-1]), shape)


@cell(initial={"U": _balanced, "W": _positive, "d": _signs}, frozen=["d"], valid={"d": signs})
def dale_rnn(p, x, v, *, dt=20.0, tau=100.0):
    """Dale's network: each unit excites all that it reaches, or inhibits all of them, and never changes over.

    ``tau dv/dt = -v + U+ D r + W+ x + b`` with rates ``r = relu(v)`` and rectified weights, in steps of ``dt``; D has
    the units' signs. For models of cortical circuits that learn tasks, with which recorded neurons can be compared. It
    needs more units than others do for the same task.

    Parameters ``U`` (H, H), ``W`` (H, F), whose negative values count as 0; ``d`` (H), 1 for excitatory and -1 for
    inhibitory units, which training leaves as they are; ``b`` (H). Options ``dt`` and ``tau``, in milliseconds, ``dt``
    at most ``tau``. The first four fifths of units are excitatory, others by ``initial={"d": signs}``; ``U`` starts
    gamma-distributed with 0 on its diagonal, excitation and inhibition balanced, scaled to a spectral radius of 1.5
    with its signs; ``W`` uniform in (0, 1 / sqrt(F)). The paper adds noise to the state in training, which is not here,
    and keeps the diagonal 0. What it returns are the rates ``r``.

    Reference: H. F. Song, G. R. Yang and X.-J. Wang, Training excitatory-inhibitory recurrent neural networks for
    cognitive tasks: a simple and flexible framework, PLOS Computational Biology 12 (2016).
    """
    alpha = euler_share(dt, tau)
    U_D = relu(p.U) * p.d[None, :]
    v = (1 - alpha) * v + alpha * (U_D @ relu(v) + relu(p.W) @ x + p.b)
    r = relu(v)
    return r, v
