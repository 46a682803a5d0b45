"""Which of Elman's functions a function of JAX is: found by its values, for a lambda has no name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations import functions as el
from elman.errors import ConversionError
from elman.interop.peers import peer

GRID = np.linspace(-7, 7, 141, dtype=np.float32)  # steps of 0.1; no corner of a known function is missed
CLOSE = 2e-5


def _gelu_by_tanh(x: Any) -> Any:
    """jax.nn.gelu as it is without ``approximate=False``."""
    return 0.5 * x * (1 + el.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def _hard_sigmoid(x: Any) -> Any:
    return el.clip(x + 3, 0, 6) / 6


def _hard_tanh(x: Any) -> Any:
    return el.clip(x, -1, 1)


def _hard_silu(x: Any) -> Any:
    return x * _hard_sigmoid(x)


def _relu6(x: Any) -> Any:
    return el.clip(x, 0, 6)


def _soft_sign(x: Any) -> Any:
    return x / (1 + abs(x))


OTHERS = (_gelu_by_tanh, _hard_sigmoid, _hard_tanh, _hard_silu, _relu6, _soft_sign, el.log_softmax)


def function_like(theirs: Callable[[Any], Any], where: str) -> Any:
    """The name of an activation, or a function of Elman's, with the values of a function of JAX.

    Raises
    ------
    ConversionError
        If none has them.
    """
    jnp = peer("jax").numpy
    try:
        wanted = np.asarray(theirs(jnp.asarray(GRID)))
    except Exception as error:
        raise ConversionError(f"flax: {where} cannot be run on numbers ({error}): {_KNOWN}") from error
    known: dict[Any, Callable[[Any], Any]] = {**el.ACTIVATIONS, **{function: function for function in OTHERS}}
    for name, ours in known.items():
        found = np.asarray(ours(GRID))
        if found.shape == wanted.shape and (np.abs(found - wanted) <= CLOSE * np.maximum(1, np.abs(wanted))).all():
            return name
    raise ConversionError(f"flax: {where} is a function that has no like here: {_KNOWN}")


_KNOWN = f"known are {', '.join(el.ACTIVATIONS)} and {', '.join(f.__name__.lstrip('_') for f in OTHERS)} of jax.nn"


def merge_like(theirs: Callable[[Any, Any], Any], where: str) -> str:
    """How a `Bidirectional` of flax puts both directions together."""
    jnp = peer("jax").numpy
    a, b = (np.linspace(low, low + 1, 12, dtype=np.float32).reshape(1, 3, 4) for low in (0.5, 2.0))
    known = {
        "concat": np.concatenate([a, b], -1),
        "sum": a + b,
        "mean": (a + b) / 2,
        "mul": a * b,
    }
    wanted = np.asarray(theirs(jnp.asarray(a), jnp.asarray(b)))
    for name, found in known.items():
        if found.shape == wanted.shape and np.allclose(found, wanted, atol=1e-6):
            return name
    raise ConversionError(f"flax: {where}.merge_fn is no concatenation, sum, mean or product: write it in a network")
