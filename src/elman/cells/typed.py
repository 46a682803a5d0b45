"""Strongly typed cells: a state is never added to what was multiplied by another matrix."""

from __future__ import annotations

from elman.equations import cell, sigmoid, tanh


@cell
def t_rnn(p, x, h):
    """The strongly typed RNN: a running mean of linear features of the inputs, whose weights depend on the input.

    No recurrent matrix: the Jacobian from a state to the next is diagonal with entries in (0, 1), so that gradients
    cannot explode and every product is hoisted out of the time loop. The state knows no order but by its gates.

    Parameters ``W b`` of the feature and ``V c`` of the gate, which keeps the old state; matrices (H, F), vectors (H).

    Reference: D. Balduzzi and M. Ghifary, Strongly-typed recurrent neural networks, ICML 2016.
    """
    z = p.W @ x + p.b
    f = sigmoid(p.V @ x + p.c)
    return f * h + (1 - f) * z


@cell
def t_gru(p, x, h, last):
    """The strongly typed GRU: its features and gates see this input and the last one, and no state.

    The Jacobian from a state to the next is diagonal with entries in (0, 1), so that gradients cannot explode; what is
    new has a gate of its own, and is not weighed by what is forgotten, so that the state may grow.

    Parameters ``V_k`` and ``W_k`` (H, F), of the last input and of this one, and ``b_k`` (H), for k in z (feature), f
    (forget gate) and o (output of the feature). The state ``last`` (F) is the last input.

    Reference: D. Balduzzi and M. Ghifary, Strongly-typed recurrent neural networks, ICML 2016.
    """
    z = p.V_z @ last + p.W_z @ x + p.b_z
    f = sigmoid(p.V_f @ last + p.W_f @ x + p.b_f)
    o = tanh(p.V_o @ last + p.W_o @ x + p.b_o)
    return f * h + z * o, x


@cell
def t_lstm(p, x, c, last):
    """The strongly typed LSTM: a running mean of features of this input and the last one, and an output gate.

    The Jacobian from a cell state to the next is diagonal with entries in (0, 1), so that gradients cannot explode; no
    product depends on a state, so that all are hoisted out of the time loop. Near the LSTM in the paper's language
    tasks; weaker where the state must decide what comes next, as in counting with resets.

    Parameters ``V_k`` and ``W_k`` (H, F), of the last input and of this one, and ``b_k`` (H), for k in z (feature), f
    (forget gate) and o (output gate, a tanh). The state ``last`` (F) is the last input; what comes
    out is no state, for no step reads it.

    Reference: D. Balduzzi and M. Ghifary, Strongly-typed recurrent neural networks, ICML 2016.
    """
    z = p.V_z @ last + p.W_z @ x + p.b_z
    f = sigmoid(p.V_f @ last + p.W_f @ x + p.b_f)
    o = tanh(p.V_o @ last + p.W_o @ x + p.b_o)
    c = f * c + (1 - f) * z
    h = c * o
    return h, c, x
