"""Dropout masks: counter-based random numbers, the same in every engine."""

from __future__ import annotations

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(z: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea & Flood, 2014)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def dropout_keeps(key: int, number: int, step: int | None, rows: np.ndarray, units: int, rate: float) -> np.ndarray:
    """Which values a dropout keeps, (B, units): a function of its arguments only, of all steps if `step` is None."""
    with np.errstate(over="ignore"):
        k = mix(np.array([key], np.uint64) + GOLDEN * np.uint64(number + 1))
        k = k if step is None else mix(k + np.uint64(step) * GOLDEN)
        k = mix(k + rows.astype(np.uint64) * GOLDEN)[:, None]
        bits = mix(k + np.arange(units, dtype=np.uint64) * GOLDEN) >> np.uint64(40)
    return bits >= rate * 16777216.0
