"""The undamped independent controlled oscillatory recurrent network."""

from __future__ import annotations

import numpy as np

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, sigmoid, tanh


def _kaiming(random, shape):
    """The authors' start: Kaiming-uniform for a leaky ReLU of slope 8."""
    bound = np.sqrt(6 / (65 * shape[-1]))
    return random.uniform(-bound, bound, shape)


def _near_zero(random, shape):
    return random.uniform(-0.1, 0.1, shape)


@cell(initial={"W": _kaiming, "u": "uniform01", "c": _near_zero})
def unicornn(p, x, y, z, *, dt=0.19, alpha=30.65, bias=True):
    """UnICORNN: independent undamped oscillators, each with a speed of its own that is learnt.

    Symplectic Euler steps of a Hamiltonian system: the step keeps volume and can be inverted, so that states never
    merge and gradients neither vanish nor explode. For very long sequences (tens of thousands of steps); units do not
    see one another, stack three layers or more.

    Parameters ``W`` (H, F), ``u c b`` (H), the last one not with ``bias=False``; the paper's V, w, c, b. ``c`` says the
    speed ``sigmoid(c)``. Options ``dt`` and ``alpha`` (restoring force): defaults of the paper's permuted MNIST, in
    which each layer may have a dt of its own. ``u`` starts uniform in (0, 1), ``c`` in (-0.1, 0.1). RecurrentLayers.jl
    has a recurrent matrix in place of ``u`` unless asked otherwise, dt = 1 and no restoring force.

    Reference: T. K. Rusch and S. Mishra, UnICORNN: a recurrent model for learning very long time dependencies, ICML
    2021.
    """
    dt, alpha = real(dt, "dt", 0), real(alpha, "alpha", 0, from_low=True)
    dt_c = dt * sigmoid(p.c)
    z = z - dt_c * (tanh(plus(p.u * y + p.W @ x, flag(bias, "bias") and p.b)) + alpha * y)
    return y + dt_c * z, z
