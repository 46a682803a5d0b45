"""Keras' recurrent cells in the forms that Elman's own do not have: other gates, dropout inside the recurrence."""

from __future__ import annotations

from typing import Any

from elman.cells.biases import plus
from elman.equations import activation as as_function
from elman.equations import attend, cell, scalar
from elman.equations import dropout as drop


def _dropped(x: Any, rate: float) -> Any:
    return drop(x, rate, once=True) if rate else x


@cell
def keras_simple(p, x, h, *, activation="tanh", bias=True, dropout=0.0, recurrent_dropout=0.0):
    """The simple recurrent cell of Keras, whose dropout is the same at all steps."""
    x, h = _dropped(x, dropout), _dropped(h, recurrent_dropout)
    return as_function(activation)(plus(p.W @ x + p.U @ h, bias and p.b))


@cell
def keras_gru(
    p,
    x,
    h,
    *,
    activation="tanh",
    recurrent_activation="sigmoid",
    bias=True,
    reset_after=True,
    dropout=0.0,
    recurrent_dropout=0.0,
):
    """The GRU of Keras: any function for the gates; each gate drops values of its own, the same at all steps."""
    g = as_function(recurrent_activation)
    x_z, x_r, x_n = (_dropped(x, dropout) for _ in range(3))
    h_z, h_r, h_n = (_dropped(h, recurrent_dropout) for _ in range(3))
    z = g(plus(p.W_z @ x_z + p.U_z @ h_z, bias and p.b_z))
    r = g(plus(p.W_r @ x_r + p.U_r @ h_r, bias and p.b_r))
    if reset_after:
        n = as_function(activation)(plus(p.W_n @ x_n, bias and p.b_n) + r * plus(p.U_n @ h_n, bias and p.c_n))
    else:
        n = as_function(activation)(plus(p.W_n @ x_n + p.U_n @ (r * h_n), bias and p.b_n))
    return z * h + (1 - z) * n


@cell(initial={"b_f": 1.0})
def keras_lstm(
    p,
    x,
    h,
    c,
    *,
    activation="tanh",
    recurrent_activation="sigmoid",
    bias=True,
    dropout=0.0,
    recurrent_dropout=0.0,
):
    """The LSTM of Keras: any function for the gates; each gate drops values of its own, the same at all steps."""
    a, g = as_function(activation), as_function(recurrent_activation)
    x_i, x_f, x_g, x_o = (_dropped(x, dropout) for _ in range(4))
    h_i, h_f, h_g, h_o = (_dropped(h, recurrent_dropout) for _ in range(4))
    i = g(plus(p.W_i @ x_i + p.U_i @ h_i, bias and p.b_i))
    f = g(plus(p.W_f @ x_f + p.U_f @ h_f, bias and p.b_f))
    c = f * c + i * a(plus(p.W_g @ x_g + p.U_g @ h_g, bias and p.b_g))
    return g(plus(p.W_o @ x_o + p.U_o @ h_o, bias and p.b_o)) * a(c), c


@cell(memory=2)
def keras_attention(p, x, values, keys, *, scaled=False):
    """Attention by dot products that nothing scales, or one number does."""
    return attend(scalar(p.scale) * x if scaled else x, keys, values, scale=1.0)


@cell(memory=2)
def keras_additive_attention(p, x, values, keys):
    """Additive attention without matrices."""
    return attend(x, keys, values, vector=p.scale)
