"""Cells of the benchmark that are equations only, as a user's own would be."""

from __future__ import annotations

from elman.equations import cell, normalise, sigmoid, tanh


@cell
def layer_norm_lstm(p, x, h, c):
    """LSTM with layer normalisation of its products and of its memory."""

    def normed(W, U, s, t, b):
        return s * normalise(W @ x, 1e-5) + t * normalise(U @ h, 1e-5) + b

    i = sigmoid(normed(p.W_i, p.U_i, p.s_i, p.t_i, p.b_i))
    f = sigmoid(normed(p.W_f, p.U_f, p.s_f, p.t_f, p.b_f))
    g = tanh(normed(p.W_g, p.U_g, p.s_g, p.t_g, p.b_g))
    o = sigmoid(normed(p.W_o, p.U_o, p.s_o, p.t_o, p.b_o))
    c = f * c + i * g
    return o * tanh(p.s_c * normalise(c, 1e-5) + p.b_c), c


@cell
def oscillator(p, x, h, v):
    """Each unit is a damped spring; stiffness, damping and the point of rest are learnt."""
    k = sigmoid(p.W_k @ x + p.U_k @ h + p.b_k)
    d = sigmoid(p.W_d @ x + p.U_d @ h + p.b_d)
    f = tanh(p.W_f @ x + p.U_f @ h + p.b_f)
    v = d * v + k * (f - h)
    return h + 0.5 * v, v
