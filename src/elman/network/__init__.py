"""Networks: layers, parameters and their initialisers, running, saving and loading."""

from elman.network import initialisers
from elman.network.checkpoint import Checkpoint
from elman.network.composites import Bidirectional, Conv1D
from elman.network.gradient_check import GradientCheck, check_gradients
from elman.network.layers import Layer, tie
from elman.network.loading import load
from elman.network.many import each, fit_many
from elman.network.moves import AdditiveAttention, attend, learnt, pool, repeat, reverse, shift
from elman.network.network import Network
from elman.network.normalising_layers import BatchNorm, LayerNorm
from elman.network.penalties import ActivityPenalty
from elman.network.readout import fit_readout
from elman.network.recurrent_layers import GRU, LSTM, Recurrent, SimpleRNN
from elman.network.stateless_layers import Activation, Dense, Dropout, Embedding, Increasing, Stateless
from elman.network.structure import Static

__all__ = [
    "Checkpoint",
    "GRU",
    "LSTM",
    "Activation",
    "ActivityPenalty",
    "AdditiveAttention",
    "BatchNorm",
    "Bidirectional",
    "Conv1D",
    "Dense",
    "Dropout",
    "Embedding",
    "GradientCheck",
    "Increasing",
    "Layer",
    "LayerNorm",
    "Network",
    "Recurrent",
    "SimpleRNN",
    "Stateless",
    "Static",
    "attend",
    "check_gradients",
    "each",
    "fit_many",
    "fit_readout",
    "initialisers",
    "learnt",
    "load",
    "pool",
    "repeat",
    "reverse",
    "shift",
    "tie",
]
