"""The three cells that an evolutionary search found."""

from __future__ import annotations

from elman.checks import flag
from elman.equations import cell, sigmoid, tanh


@cell
def mut1(p, x, h, *, projected=True):
    """MUT1, found by a search through ten thousand cells: a GRU whose update gate does not see the state.

    In the paper it matches the GRU in language and is better than GRU and LSTM in the other tasks; an LSTM with dropout
    and a forget bias of 1 stays ahead of it in language.

    Parameters ``W_z b_z`` (update, which lets the candidate in), ``W_r U_r b_r`` (reset) and ``W_n U_n b_n``
    (candidate); ``W`` (H, F), ``U`` (H, H), ``b`` (H). In the paper the candidate takes ``tanh(x)`` of an input that is
    as wide as the state; ``W_n`` brings it there. With ``projected=False`` there is no ``W_n``, as written there, and F
    must be H. (RecurrentLayers.jl and torchrecurrent have the matrix, and a bias in the inner tanh too.)

    Reference: R. Jozefowicz, W. Zaremba and I. Sutskever, An empirical exploration of recurrent network architectures,
    ICML 2015.
    """
    v = p.W_n @ x if flag(projected, "projected") else x
    z = sigmoid(p.W_z @ x + p.b_z)
    r = sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    n = tanh(p.U_n @ (r * h) + tanh(v) + p.b_n)
    return n * z + h * (1 - z)


@cell
def mut2(p, x, h, *, projected=True):
    """MUT2, found by a search through ten thousand cells: a GRU whose reset gate sees the input as it is.

    Better than the GRU in some of the paper's tasks, not in all; the reset gate has one matrix product fewer in a
    stack.

    Parameters ``W_z U_z b_z`` (update, which lets the candidate in), ``W_r U_r b_r`` (reset) and ``W_n U_n b_n``
    (candidate); ``W`` (H, F), ``U`` (H, H), ``b`` (H). In the paper the reset gate takes x itself, which is as wide as
    the state; ``W_r`` brings it there. With ``projected=False`` there is no ``W_r``, as written there, and F must be H.

    Reference: R. Jozefowicz, W. Zaremba and I. Sutskever, An empirical exploration of recurrent network architectures,
    ICML 2015.
    """
    v = p.W_r @ x if flag(projected, "projected") else x
    z = sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    r = sigmoid(v + p.U_r @ h + p.b_r)
    n = tanh(p.U_n @ (r * h) + p.W_n @ x + p.b_n)
    return n * z + h * (1 - z)


@cell
def mut3(p, x, h):
    """MUT3, found by a search through ten thousand cells: a GRU whose update gate sees the tanh of the state.

    The nearest of the three to the GRU, from which it differs by one tanh, and with results near to it.

    Parameters ``W_z U_z b_z`` (update, which lets the candidate in), ``W_r U_r b_r`` (reset) and ``W_n U_n b_n``
    (candidate); ``W`` (H, F), ``U`` (H, H), ``b`` (H).

    Reference: R. Jozefowicz, W. Zaremba and I. Sutskever, An empirical exploration of recurrent network architectures,
    ICML 2015.
    """
    z = sigmoid(p.W_z @ x + p.U_z @ tanh(h) + p.b_z)
    r = sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    n = tanh(p.U_n @ (r * h) + p.W_n @ x + p.b_n)
    return n * z + h * (1 - z)
