"""Small networks and data that the training tests share."""

from __future__ import annotations

import numpy as np

from elman.engine import native_available
from elman.network import GRU, Dense, Dropout, Network

ENGINES = ["numpy", *(["native"] if native_available() else [])]


def sums(rows: int = 40, steps: int = 5, features: int = 2, seed: int = 0, dtype: type = np.float64):
    """Random sequences and, as targets, their sums over time: (N, T, F) and (N, F)."""
    x = np.random.default_rng(seed).normal(size=(rows, steps, features)).astype(dtype)
    return x, x.sum(axis=1)


def linear(outputs: int = 2, inputs: int = 2, **options) -> Network:
    """One dense layer."""
    return Network(inputs=inputs, layers=[Dense(outputs)], **{"dtype": np.float64, **options})


def recurrent(outputs: int = 2, inputs: int = 2, *, drop: float = 0.0, sequences: bool = False, **options) -> Network:
    """A GRU of four units and a dense readout, of the last step or of all."""
    between = [Dropout(drop)] if drop else []
    layers = [GRU(4, return_sequences=sequences), *between, Dense(outputs)]
    return Network(inputs=inputs, layers=layers, **{"dtype": np.float64, **options})


def train(net: Network, *data, **options):
    """Train in silence."""
    return net.fit(*data, **{"verbose": 0, **options})


def copied_network(net: Network) -> Network:
    """A network like `recurrent()`'s that has learnt what `net` has."""
    twin = Network(net.inputs, net.layers, seed=net.seed, dtype=net.dtype, engine=net.engine_name)
    twin.params.write(net.arena)
    twin.updates, twin.epochs = net.updates, net.epochs
    return twin
