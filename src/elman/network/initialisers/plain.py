"""Initialisers that a name, or a number, says: zeros, identities, uniform and normal values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import checks
from elman.errors import ShapeError

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
    return _eye(shape)


def scaled_identity(scale: float) -> Initialiser:
    """A multiple of the identity matrix: 0.01 is the start of the IRNN for speech, whose memory is short (2015)."""
    scale = checks.real(scale, "scale", -np.inf)
    return lambda random, shape: scale * _eye(shape)


def _eye(shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) != 2:
        raise ShapeError(f"the identity is a matrix, got a parameter of shape {shape}")
    return np.eye(*shape)


def lecun_normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal with variance 1 / fan in (LeCun, Bottou, Orr & Muller, Efficient backprop, 1998)."""
    return random.normal(0.0, 1 / np.sqrt(shape[-1]), shape)


def fan_in_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform within 1 / sqrt(fan in): what PyTorch's linear layers start with."""
    bound = 1 / np.sqrt(shape[-1])
    return random.uniform(-bound, bound, shape)


def hidden_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform within 1 / sqrt(H), H the rows: what PyTorch's recurrent layers start with, biases too."""
    bound = 1 / np.sqrt(shape[0])
    return random.uniform(-bound, bound, shape)


def uniform(low: float = -0.05, high: float = 0.05) -> Initialiser:
    """Uniform between two numbers."""
    low = checks.real(low, "low", -np.inf)
    high = checks.real(high, "high", low, expected=f"of at least low, which is {low:g}", from_low=True)
    return lambda random, shape: random.uniform(low, high, shape)


def normal(scale: float = 0.05, mean: float = 0.0) -> Initialiser:
    """Normal with a standard deviation and a mean."""
    scale, mean = checks.real(scale, "scale", 0, from_low=True), checks.real(mean, "mean", -np.inf)
    return lambda random, shape: random.normal(mean, scale, shape)
