"""The intersection recurrent network, +RNN."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag
from elman.equations import cell, relu, sigmoid, tanh


@cell(initial={"b_gy": 1.0, "b_gh": 1.0})
def intersection_rnn(p, x, h, *, projected=True, bias=True):
    """The intersection RNN: a gate through time for the state, and a gate through depth for what is given on.

    Made for deep stacks, where gradients flow well in both directions; as a single layer its second gate is of little
    use. What it gives on is a value of its own, not the state.

    Parameters ``W_k U_k b_k`` for k in y (what is new for the layer above), h (what is new for the state), gy and gh
    (gates, which keep the input and the old state); matrices (H, H), biases (H), which are not there with
    ``bias=False``. The input must be as wide as what is given on: ``W_x`` (H, F) brings it there, as in the first layer
    of a stack in the authors' code; with ``projected=False`` there is none, as in the layers above it, and F must be H.

    The gates' biases, a hyperparameter in the paper, start at 1 as in the authors' TensorFlow code. RecurrentLayers.jl
    weighs what is new by ``1 - gh`` in both places.

    Reference: J. Collins, J. Sohl-Dickstein and D. Sussillo, Capacity and trainability in recurrent neural networks,
    ICLR 2017.
    """
    bias = flag(bias, "bias")
    v = p.W_x @ x if flag(projected, "projected") else x
    y_in = relu(plus(p.W_y @ v + p.U_y @ h, bias and p.b_y))
    h_in = tanh(plus(p.W_h @ v + p.U_h @ h, bias and p.b_h))
    g_y = sigmoid(plus(p.W_gy @ v + p.U_gy @ h, bias and p.b_gy))
    g_h = sigmoid(plus(p.W_gh @ v + p.U_gh @ h, bias and p.b_gh))
    y = g_y * v + (1 - g_y) * y_in
    h = g_h * h + (1 - g_h) * h_in
    return y, h
