"""How parameters start.

The rule: matrices that multiply a state are orthogonal, other matrices Glorot-uniform, tables normal with
deviation 1 (their rows are inputs, and inputs of about 1 are what matrices start for), vectors zero.
A cell or a layer overrides it by parameter name, with a name of this file, a number, an array or a function.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations import Graph
from elman.errors import OptionError, ShapeError

Initialiser = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def zeros(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """All zero."""
    return np.zeros(shape)


def ones(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """All one."""
    return np.ones(shape)


def glorot_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform with variance 2 / (fan in + fan out) (Glorot & Bengio, AISTATS 2010)."""
    bound = np.sqrt(6 / sum(shape if len(shape) == 2 else (*shape, 1)))
    return random.uniform(-bound, bound, shape)


def orthogonal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A random orthogonal matrix: it keeps the norm of what it multiplies (Saxe, McClelland & Ganguli, ICLR 2014)."""
    if len(shape) != 2:
        raise ShapeError(f"orthogonal needs a matrix, got a parameter of shape {shape}")
    tall = random.normal(size=(max(shape), min(shape)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T


def identity(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The identity matrix, the start of the IRNN (Le, Jaitly & Hinton, arXiv 1504.00941, 2015)."""
    return np.eye(shape[0], shape[-1])


def uniform(low: float = -0.05, high: float = 0.05) -> Initialiser:
    """Uniform between two numbers."""
    return lambda random, shape: random.uniform(low, high, shape)


def normal(scale: float = 0.05, mean: float = 0.0) -> Initialiser:
    """Normal with a standard deviation and a mean."""
    return lambda random, shape: random.normal(mean, scale, shape)


NAMED: dict[str, Initialiser] = {
    "zeros": zeros,
    "ones": ones,
    "glorot_uniform": glorot_uniform,
    "orthogonal": orthogonal,
    "identity": identity,
    "uniform": uniform(),
    "uniform01": uniform(0.0, 1.0),
    "normal": normal(),
    "standard_normal": normal(1.0),
}


def initial_value(
    how: Any, random: np.random.Generator, shape: tuple[int, ...], name: str, blocks: int = 1
) -> np.ndarray:
    """A parameter's first value, from an initialiser (for each of its blocks), its name, a number or an array."""
    if isinstance(how, str):
        if how not in NAMED:
            raise OptionError(f"unknown initialiser {how!r} for {name}; there are {', '.join(NAMED)}")
        how = NAMED[how]
    if callable(how) and blocks > 1:
        of_block = (shape[0] // blocks, *shape[1:])
        how = np.concatenate([initial_value(how, random, of_block, name) for _ in range(blocks)])
    value = np.asarray(how(random, shape) if callable(how) else how)
    if value.shape not in ((), shape):
        raise ShapeError(f"the initial value of {name} has shape {value.shape}; expected {shape} or a number")
    return np.broadcast_to(value, shape)


def rule(graph: Graph, parameter: str) -> str:
    """The name of the initialiser that a parameter has if nothing else is said."""
    role = graph.parameters[parameter].role
    if role == "matrix":
        return "orthogonal" if graph.recurrent(parameter) else "glorot_uniform"
    return "standard_normal" if role == "table" else "zeros"


def generator(seed: int, layer: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: other layers and parameters do not shift them."""
    return np.random.default_rng([seed, layer, zlib.crc32(name.encode())])
