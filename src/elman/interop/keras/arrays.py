"""Weights of Keras' layers, in Keras' order, as parameters by Elman's names, and back.

Keras puts the gates side by side in matrices (in, gates x H). A GRU that resets after the product has two biases, of
which Elman keeps the sum, but for the candidate's, whose second one is inside of the reset.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Arrays = dict[str, np.ndarray]

GATES = {"simple": ("",), "gru": ("_z", "_r", "_n"), "lstm": ("_i", "_f", "_g", "_o")}
ORDER = {"simple": "", "gru": "gates z r n", "lstm": "gates i f g o"}


def recurrent_to_elman(kind: str, weights: list[np.ndarray]) -> Arrays:
    """Of a recurrent layer: kernel, recurrent kernel and, where it has one, bias."""
    gates = GATES[kind]
    found: Arrays = {}
    for letter, whole in zip("WU", weights, strict=False):
        blocks = np.split(whole, len(gates), axis=1)
        found |= {letter + gate: block.T for gate, block in zip(gates, blocks, strict=True)}
    if len(weights) < 3:
        return found
    both = np.atleast_2d(weights[2])
    found |= {"b" + gate: block for gate, block in zip(gates, np.split(both[0], len(gates)), strict=True)}
    if len(both) == 2:
        z, r, n = np.split(both[1], 3)
        found |= {"b_z": found["b_z"] + z, "b_r": found["b_r"] + r, "c_n": n}
    return found


def recurrent_to_keras(kind: str, parameters: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    gates = GATES[kind]
    found = [np.concatenate([parameters[letter + gate] for gate in gates]).T for letter in "WU"]
    if "b" + gates[0] not in parameters:
        return found
    bias = np.concatenate([parameters["b" + gate] for gate in gates])
    if "c_n" in parameters:
        c = parameters["c_n"]
        bias = np.stack([bias, np.concatenate([np.zeros(2 * len(c), c.dtype), c])])
    return [*found, bias]


def conv_to_elman(kernel: np.ndarray) -> np.ndarray:
    """A kernel (steps, features, units), the oldest step first, as a matrix on the newest step first."""
    return np.concatenate(kernel[::-1]).T


def to_elman(kind: str, weights: list[np.ndarray]) -> Arrays:
    """A layer's weights, as its `get_weights` has them."""
    if kind in GATES:
        return recurrent_to_elman(kind, weights)
    if kind == "dense":
        return dict(zip("Wb", [weights[0].T, *weights[1:]], strict=False))
    return dict(zip(NAMES[kind], weights, strict=True))


def to_keras(kind: str, parameters: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The same back."""
    if kind in GATES:
        return recurrent_to_keras(kind, parameters)
    if kind == "dense":
        return [parameters["W"].T, *(parameters[n] for n in "b" if n in parameters)]
    return [parameters[name] for name in NAMES[kind]]


NAMES = {
    "embedding": ("E",),
    "layer_norm": ("g", "b"),
    "batch_norm": ("g", "b", "mean", "variance"),
    "dropout": (),
    "activation": (),
}
