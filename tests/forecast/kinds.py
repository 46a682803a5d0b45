"""Series of every kind that people have, of any length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Kind = Callable[[int, np.random.Generator], np.ndarray]


def seasonal(steps: int) -> Kind:
    return lambda n, r: 20 + 5 * np.sin(2 * np.pi * np.arange(n) / steps) + r.normal(0, 0.5, n)


def autoregression(n: int, r: np.random.Generator) -> np.ndarray:
    values = np.zeros(n)
    for t in range(1, n):
        values[t] = 0.7 * values[t - 1] + r.normal()
    return values


def intermittent(n: int, r: np.random.Generator) -> np.ndarray:
    return np.where(r.random(n) < 0.15, r.integers(1, 9, n), 0).astype(float)


def level_shift(n: int, r: np.random.Generator) -> np.ndarray:
    return np.where(np.arange(n) < n // 2, 0.0, 5.0)


KINDS: dict[str, Kind] = {
    "noise": lambda n, r: r.normal(size=n),
    "counts": lambda n, r: r.poisson(3, n).astype(float),
    "intermittent": intermittent,
    "autoregression": autoregression,
    "random walk": lambda n, r: np.cumsum(r.normal(size=n)),
    "trend": lambda n, r: 0.5 * np.arange(n) + r.normal(0, 0.3, n),
    "straight line": lambda n, r: np.arange(float(n)),
    "growth": lambda n, r: np.exp(np.arange(n) / 30),
    "level shift": level_shift,
    "shift at the end": lambda n, r: np.where(np.arange(n) < n - 2, 0.0, 5.0),
    "saturation": lambda n, r: 100 / (1 + np.exp(-(np.arange(n) - n / 4) / 5)),
    "spikes": lambda n, r: np.where(r.random(n) < 0.03, 1000.0, 1.0),
    "two values": lambda n, r: r.integers(0, 2, n).astype(float),
    "one other value": lambda n, r: np.where(np.arange(n) == n // 3, 1.0, 0.0),
    "constant": lambda n, r: np.full(n, 0.1),
    "zeros": lambda n, r: np.zeros(n),
    "below zero": lambda n, r: -5 - r.random(n),
    "1e12": lambda n, r: 1e12 + r.normal(0, 1, n),
    "1e-12": lambda n, r: 1e-12 * r.random(n),
    "1e300": lambda n, r: 1e300 * r.uniform(-1, 1, n),
    "1e-300": lambda n, r: 1e-300 * r.random(n),
    "1e-320": lambda n, r: 1e-320 * r.random(n),
    "both ends of float64": lambda n, r: 10.0 ** r.integers(-300, 301, n),
    **{f"season of {m}": seasonal(m) for m in (2, 7, 12, 24, 52, 168, 365)},
}


def series(kind: str, n: int, seed: int = 0) -> np.ndarray:
    """n values of a kind."""
    return KINDS[kind](n, np.random.default_rng(seed))
