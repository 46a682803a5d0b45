"""Elman's layers for PyTorch's recurrent ones."""

from __future__ import annotations

from elman.cells import projected_lstm
from elman.network.layers import Layer
from elman.network.recurrent_layers import GRU, LSTM, Recurrent, SimpleRNN


def recurrent_layer(kind: str, hidden: int, *, bias: bool, nonlinearity: str = "tanh", projection: int = 0) -> Layer:
    """One direction of a recurrent layer.

    Parameters
    ----------
    kind : {"LSTM", "GRU", "RNN"}
    hidden : int
    bias : bool
    nonlinearity : {"tanh", "relu"}, default "tanh"
        Of an RNN.
    projection : int, default 0
        The ``proj_size`` of an LSTM; its cell has biases in any case.
    """
    if kind == "LSTM" and projection:
        return Recurrent(projected_lstm, projection, sizes={"c": hidden}, peepholes=False)
    if kind == "RNN":
        return SimpleRNN(hidden, activation=nonlinearity, bias=bias)
    return (LSTM if kind == "LSTM" else GRU)(hidden, bias=bias)
