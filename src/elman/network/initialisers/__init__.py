"""How parameters start: arrays, numbers, functions ``(random, shape)``, and those that have a name.

The rule: matrices that multiply a state are orthogonal, other matrices Glorot-uniform, tables normal with
deviation 1 (their rows are inputs, and inputs of about 1 are what matrices start for), vectors zero.
A cell or a layer overrides it by parameter name, with a name of `NAMED`, a number, an array or a function.
"""

from typing import TYPE_CHECKING, Any

from elman.cells.polynomials import hippo_legs, legendre_delay, zero_order_hold
from elman.network.initialisers.choosing import NAMED, generator, hint_of, initial_value, rule
from elman.network.initialisers.gates import chrono, chrono_biases
from elman.network.initialisers.plain import (
    Initialiser,
    fan_in_uniform,
    glorot_uniform,
    hidden_uniform,
    identity,
    lecun_normal,
    normal,
    ones,
    orthogonal,
    scaled_identity,
    uniform,
    zeros,
)
from elman.network.initialisers.spectra import reservoir, ring

__all__ = [
    "NAMED",
    "Initialiser",
    "chrono",
    "chrono_biases",
    "fan_in_uniform",
    "generator",
    "glorot_uniform",
    "hidden_uniform",
    "hippo_legs",
    "identity",
    "initial_value",
    "lecun_normal",
    "legendre_delay",
    "normal",
    "ones",
    "orthogonal",
    "reservoir",
    "ring",
    "rule",
    "scaled_identity",
    "uniform",
    "zero_order_hold",
    "zeros",
]


if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> Any:
        raise AttributeError(f"elman.initialisers has no {name!r}{'' if name.startswith('_') else hint_of(name)}")
