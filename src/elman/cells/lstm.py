"""Long short-term memory."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, sigmoid


@cell(initial={"b_f": 1.0})
def lstm(p, x, h, c, *, activation="tanh", bias=True):
    """Long short-term memory: a cell state ``c`` that gates add to and forget from.

    For long memories and large data a first choice, and for what has to be counted, which a GRU's bounded state cannot.

    Gates ``i`` (input), ``f`` (forget), ``o`` (output), candidate ``g``. The forget bias starts at 1, so that a new
    network remembers (Jozefowicz, Zaremba & Sutskever, ICML 2015).

    Parameters ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in i, f, g, o; no ``b`` with
    ``bias=False``.

    Reference: S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 (1997); with the forget
    gate of F. Gers, J. Schmidhuber and F. Cummins, Neural Computation 12 (2000).
    """
    f_, bias = as_function(activation), flag(bias, "bias")
    i = sigmoid(plus(p.W_i @ x + p.U_i @ h, bias and p.b_i))
    f = sigmoid(plus(p.W_f @ x + p.U_f @ h, bias and p.b_f))
    g = f_(plus(p.W_g @ x + p.U_g @ h, bias and p.b_g))
    o = sigmoid(plus(p.W_o @ x + p.U_o @ h, bias and p.b_o))
    c = f * c + i * g
    return o * f_(c), c
