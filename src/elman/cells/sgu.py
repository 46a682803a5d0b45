"""The simple gated unit, and its deep form."""

from __future__ import annotations

from typing import Any

from elman.equations import cell, clip, sigmoid, softplus, tanh


def hard_sigmoid(a: Any) -> Any:
    """A sigmoid of three straight lines, which is 0 from -2.5 down and 1 from 2.5 up.

    Parameters
    ----------
    a : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        ``0.2 a + 0.5``, kept within [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.cells.hard_sigmoid(np.array([-3.0, 1.0, 3.0])).round(3)
    array([0. , 0.7, 1. ])
    """
    return clip(0.2 * a + 0.5, 0, 1)


@cell
def sgu(p, x, h):
    """SGU, the simple gated unit: the state times a function of itself and of the input makes the candidate.

    Fewer parameters than a GRU and fast to learn what depends on inputs long ago; the state can grow without bound, so
    that `dsgu` is the more stable.

    Parameters ``W_g`` (H, F), ``b_g`` (H) of the input's features, ``U_g`` (H, H) of their product with the state,
    and ``W_z U_z b_z`` of the gate that lets the candidate in, a hard sigmoid as Theano's and Keras's of that time,
    ``0.2 a + 0.5`` cut at 0 and 1 (torchrecurrent has PyTorch's, ``a / 6 + 0.5``).

    Reference: Y. Gao and D. Glowacka, Deep gate recurrent neural network, ACML 2016.
    """
    x_g = p.W_g @ x + p.b_g
    z_g = tanh(p.U_g @ (x_g * h))
    z_out = softplus(z_g * h)
    z = hard_sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    return (1 - z) * h + z * z_out


@cell
def dsgu(p, x, h):
    """DSGU, the deep simple gated unit: an SGU with one matrix more before its candidate, which is bounded.

    More stable than `sgu`, as good as GRU and LSTM where few inputs long ago decide, and quick to learn that. Its state
    is in [0, 1].

    Parameters ``W_g`` (H, F), ``b_g`` (H) of the input's features, ``U_g`` (H, H) of their product with the state,
    ``U_o`` (H, H) of the gated state, and ``W_z U_z b_z`` of the gate that lets the candidate in, a hard sigmoid as
    Theano's and Keras's of that time, ``0.2 a + 0.5`` cut at 0 and 1 (torchrecurrent has PyTorch's, ``a / 6 + 0.5``).

    Reference: Y. Gao and D. Glowacka, Deep gate recurrent neural network, ACML 2016.
    """
    x_g = p.W_g @ x + p.b_g
    z_g = tanh(p.U_g @ (x_g * h))
    z_out = sigmoid(p.U_o @ (z_g * h))
    z = hard_sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    return (1 - z) * h + z * z_out
