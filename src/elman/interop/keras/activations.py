"""Activations by Keras' names, as functions of equations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations import functions as f
from elman.errors import ConversionError

Function = Callable[[Any], Any]

_SELU = 1.05070098735548049342, 1.67326324235437728481  # scale, alpha (Klambauer et al., 2017)


def slope_of(slope: float) -> float:
    """A slope as Keras has it, which rounds it to float32 whatever the values are."""
    return float(np.float32(slope))


def _hard_sigmoid(x: Any) -> Any:
    return f.clip(x / 6 + 0.5, 0, 1)


def hard_sigmoid_of_keras_2(x: Any) -> Any:
    """What Keras 1 and 2 call ``hard_sigmoid``, which in Keras 3 has another slope."""
    return f.clip(0.2 * x + 0.5, 0, 1)


def _gelu(x: Any) -> Any:
    return f.gelu(x)


def _tanh_gelu(x: Any) -> Any:
    return 0.5 * x * (1 + f.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


ACTIVATIONS: dict[str, str | Function] = {
    **{name: name for name in ("tanh", "sigmoid", "relu", "linear", "softmax", "softplus", "elu", "silu", "gelu")},
    "swish": "silu",
    "exponential": "exp",
    "hard_sigmoid": _hard_sigmoid,
    "hard_sigmoid_of_keras_2": hard_sigmoid_of_keras_2,
    "hard_tanh": lambda x: f.clip(x, -1, 1),
    "hard_silu": lambda x: x * _hard_sigmoid(x),
    "hard_swish": lambda x: x * _hard_sigmoid(x),
    "leaky_relu": lambda x: f.leaky_relu(x, slope_of(0.2)),
    "relu6": lambda x: f.clip(x, 0, 6),
    "selu": lambda x: _SELU[0] * f.elu(x, _SELU[1]),
    "softsign": lambda x: x / (1 + f.abs(x)),
    "mish": lambda x: x * f.tanh(f.softplus(x)),
    "log_sigmoid": lambda x: -f.softplus(-x),
    "log_softmax": f.log_softmax,
    "tanh_shrink": lambda x: x - f.tanh(x),
    "squareplus": lambda x: 0.5 * (x + f.sqrt(x * x + 4)),
}


def activation_of(function: Any, layer: str) -> str | Function:
    """What a function of Keras is here, by its name.

    Raises
    ------
    ConversionError
        If it is a function of the user's, or one that is not known.
    """
    if function is None:
        return "linear"
    name = getattr(function, "__name__", type(function).__name__)
    module = getattr(function, "__module__", "")
    if name in ACTIVATIONS and (module.startswith("keras.") or name == "hard_sigmoid_of_keras_2"):
        return ACTIVATIONS[name]
    raise ConversionError(
        f"{layer} has the activation {name!r} of {module or 'nowhere'}, which has no equations here; known are "
        f"{', '.join(sorted(ACTIVATIONS))}. Write it as an elman cell, and convert the layers around it"
    )
