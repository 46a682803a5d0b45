"""The fast recurrent network, plain and gated."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, scalar, sigmoid


def _tenth(random, shape):
    """The authors' start of matrices."""
    return random.normal(0.0, 0.1, shape)


@cell(initial={"W": _tenth, "U": _tenth, "b": 1.0, "alpha": -3.0, "beta": 3.0})
def fast_rnn(p, x, h, *, activation="tanh", bias=True):
    """FastRNN: a simple cell behind a residual connection with two learnt numbers.

    ``a = sigmoid(alpha)`` of the new and ``beta`` of the old: two parameters more than a simple cell, and gradients
    stay well conditioned while a T is about 1. For small models; `fast_grnn` is more accurate at the same size.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H), the last one not with ``bias=False``; ``alpha beta`` (1), the
    logits of the paper's alpha and beta. They start at -3 and 3, ``b`` at 1, matrices normal with deviation 0.1, as in
    the authors' code. RecurrentLayers.jl starts the other way round, alpha at 3 and beta at -3, which forgets.

    Reference: A. Kusupati, M. Singh, K. Bhatia, A. Kumar, P. Jain and M. Varma, FastGRNN: a fast, accurate, stable and
    tiny kilobyte sized gated recurrent neural network, NeurIPS 2018, section 3.1.
    """
    candidate = as_function(activation)(plus(p.W @ x + p.U @ h, flag(bias, "bias") and p.b))
    return sigmoid(scalar(p.alpha)) * candidate + sigmoid(scalar(p.beta)) * h


@cell(
    initial={
        **dict.fromkeys(("W", "W_1", "W_2", "U", "U_1", "U_2"), _tenth),
        "b_z": 1.0,
        "b_h": 1.0,
        "zeta": 1.0,
        "nu": -4.0,
    }
)
def fast_grnn(p, x, h, *, activation="tanh", low_rank=False, bias=True):
    """FastGRNN: a gate that shares its matrices with the candidate, so that it costs only a bias.

    Nearly an LSTM's accuracy with a quarter of its parameters; with ``low_rank=True`` both matrices are products of two
    thin ones, and a keyword spotter fits into some kilobytes (the paper makes them sparse and quantises them too).

    Parameters ``W`` (H, F), ``U`` (H, H), ``b_z b_h`` (H), the last two not with ``bias=False``; ``zeta nu`` (1), the
    logits of the paper's zeta and nu. With ``low_rank=True`` ``W_1`` (H, R) and ``W_2`` (R, F), ``U_1`` (H, S) and
    ``U_2`` (S, H) instead of W and U; R and S by ``sizes={"W_2": R, "U_2": S}``, else H. Biases start at 1, ``zeta`` at
    1, ``nu`` at -4, matrices normal with deviation 0.1, as in the authors' code. RecurrentLayers.jl has a second pair
    of biases.

    Reference: A. Kusupati, M. Singh, K. Bhatia, A. Kumar, P. Jain and M. Varma, FastGRNN: a fast, accurate, stable and
    tiny kilobyte sized gated recurrent neural network, NeurIPS 2018, section 3.2.
    """
    bias = flag(bias, "bias")
    s = p.W_1 @ (p.W_2 @ x) + p.U_1 @ (p.U_2 @ h) if flag(low_rank, "low_rank") else p.W @ x + p.U @ h
    z = sigmoid(plus(s, bias and p.b_z))
    candidate = as_function(activation)(plus(s, bias and p.b_h))
    return (sigmoid(scalar(p.zeta)) * (1 - z) + sigmoid(scalar(p.nu))) * candidate + z * h
