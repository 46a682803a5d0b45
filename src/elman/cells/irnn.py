"""The recurrent network of rectified units that starts with the identity."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, relu


def _thousandth(random, shape):
    """The paper's start of input weights."""
    return random.normal(0.0, 0.001, shape)


@cell(initial={"W": _thousandth, "U": "identity"})
def irnn(p, x, h, *, bias=True):
    """IRNN: a simple cell of rectified units whose recurrent matrix starts with the identity.

    A new network so holds what it has and adds its inputs, and gradients reach back any number of steps. It is as good
    as an LSTM on long additions, and can explode in training: clip gradients, and take a small learning rate.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H), the last one not with ``bias=False``. ``U`` starts with the
    identity, ``W`` normal with deviation 0.001. Where memories are short the paper starts with a multiple of the
    identity: ``initial={"U": el.initialisers.scaled_identity(0.01)}``.

    Reference: Q. V. Le, N. Jaitly and G. E. Hinton, A simple way to initialize recurrent networks of rectified linear
    units, arXiv 1504.00941 (2015).
    """
    return relu(plus(p.W @ x + p.U @ h, flag(bias, "bias") and p.b))
