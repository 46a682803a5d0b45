"""The simple recurrent cell."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell


@cell
def simple(p, x, h, *, activation="tanh", bias=True):
    """The simple recurrent cell: one layer of neurons that sees its own last output.

    For short memories, for small models and for theory; a GRU or LSTM remembers longer. Its gradient through time is a
    product of Jacobians ``diag(f') U``, which vanishes or explodes with their norms.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H), the last one not with ``bias=False``.

    Reference: J. L. Elman, Finding structure in time, Cognitive Science 14 (1990).
    """
    return as_function(activation)(plus(p.W @ x + p.U @ h, flag(bias, "bias") and p.b))
