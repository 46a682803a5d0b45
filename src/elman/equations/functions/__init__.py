"""The functions that equations are written with.

Each works on symbols (in a cell) and on NumPy arrays (to try an equation by hand): features lie on the last axis. Of
symbols comes a symbol, of arrays an array, of numbers a number.
"""

from elman.equations.functions.activations import (
    elu,
    gelu,
    leaky_relu,
    linear,
    relu,
    sigmoid,
    silu,
    softplus,
    spike,
    tanh,
)
from elman.equations.functions.attending import attend
from elman.equations.functions.choosing import clip, equal, maximum, minimum, where
from elman.equations.functions.elementary import (
    abs,
    cos,
    digamma,
    erf,
    exp,
    floor,
    lgamma,
    log,
    log1p,
    sign,
    sin,
    sqrt,
    square,
)
from elman.equations.functions.named import ACTIVATIONS, activation
from elman.equations.functions.rows import log_softmax, max, mean, normalise, pick, softmax, sum
from elman.equations.functions.training import dropout, stop_gradient

__all__ = [
    "ACTIVATIONS",
    "abs",
    "activation",
    "attend",
    "clip",
    "cos",
    "digamma",
    "dropout",
    "elu",
    "equal",
    "erf",
    "exp",
    "floor",
    "gelu",
    "leaky_relu",
    "lgamma",
    "linear",
    "log",
    "log1p",
    "log_softmax",
    "max",
    "maximum",
    "mean",
    "minimum",
    "normalise",
    "pick",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "spike",
    "sqrt",
    "square",
    "stop_gradient",
    "sum",
    "tanh",
    "where",
]
