"""Networks: layers, parameters and their initialisers, running, saving and loading."""

from elman.network.gradient_check import GradientCheck, check_gradients
from elman.network.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Recurrent,
    SimpleRNN,
    Stateless,
)
from elman.network.loading import load
from elman.network.network import Network

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Embedding",
    "GradientCheck",
    "Layer",
    "LayerNorm",
    "Network",
    "Recurrent",
    "SimpleRNN",
    "Stateless",
    "check_gradients",
    "load",
]
