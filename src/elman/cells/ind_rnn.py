"""The independently recurrent network."""

from __future__ import annotations

from elman.equations import activation as as_function
from elman.equations import cell


@cell(initial={"u": "uniform01"})
def ind_rnn(p, x, h, *, activation="relu"):
    """IndRNN: each unit sees only its own last output, through one weight ``u``.

    For long sequences and deep stacks: the gradient through time of a unit is a power of its ``u``, so that memory can
    be set unit by unit; only a further layer mixes the units.

    Parameters ``W`` (H, F), ``u`` (H), ``b`` (H); ``u`` starts uniform in (0, 1).

    Reference: S. Li, W. Li, C. Cook, C. Zhu and Y. Gao, Independently recurrent neural network, CVPR 2018.
    """
    return as_function(activation)(p.W @ x + p.u * h + p.b)
