"""The functions that a text of equations may call, by name; nothing else can be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elman.equations import functions, vectors
from elman.equations.declared import constant
from elman.equations.ranges import within

_NAMES = (
    "sigmoid tanh relu leaky_relu elu softplus silu gelu linear exp log log1p sqrt square abs sign sin cos erf lgamma "
    "digamma floor stop_gradient spike maximum minimum equal where clip sum mean max dropout softmax log_softmax "
    "normalise pick attend"
).split()
_OF_VECTORS = "concat split roll outer matvec vecmat scalar blocks".split()
MOST_PARTS = 64  # of a vector that is split, and blocks of a matrix: each is a value of its own


@dataclass(frozen=True)
class Function:
    """A function, and how it is called.

    Attributes
    ----------
    names : tuple of str
        Of its arguments, those that must be there first.
    needed : int
        How many must be there.
    most : int
        How many there may be without a name.
    """

    call: Callable[..., Any]
    names: tuple[str, ...]
    needed: int
    most: int


def _function(call: Callable[..., Any]) -> Function:
    kinds = inspect.Parameter
    found = inspect.signature(call).parameters.values()
    if any(q.kind == kinds.VAR_POSITIONAL for q in found):
        return Function(call, (), 1, 1000)
    needed = sum(q.default is kinds.empty for q in found)
    placed = sum(q.kind != kinds.KEYWORD_ONLY for q in found)
    return Function(call, tuple(q.name for q in found), needed, placed)


FUNCTIONS: dict[str, Function] = {
    **{name: _function(getattr(functions, name)) for name in _NAMES},
    **{name: _function(getattr(vectors, name)) for name in _OF_VECTORS},
    "constant": _function(constant),
    "within": _function(within),
}
ELSEWHERE = {
    "softsign": "x / (1 + abs(x))",
    "logistic": "sigmoid(x)",
    "hard_sigmoid": "clip(0.2 * x + 0.5, 0, 1)",
    "hardtanh": "clip(x, -1, 1)",
    "hard_tanh": "clip(x, -1, 1)",
    "swish": "silu(x)",
    "pow": "a ** b",
    "min": "minimum(a, b), or -max(-x) for the smallest feature of a row",
    "dot": "sum(a * b), or p.W @ x for a product with a matrix",
    "matmul": "p.W @ x",
    "concatenate": "concat(a, b)",
    "cat": "concat(a, b)",
    "layer_norm": "normalise(x)",
    "normalize": "normalise(x)",
    "heaviside": "spike(x), or 0 < x",
    "tan": "sin(x) / cos(x)",
    "sinh": "(exp(x) - exp(-x)) / 2",
    "cosh": "(exp(x) + exp(-x)) / 2",
}
"""What other languages call functions, and how it is written here."""
