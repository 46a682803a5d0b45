"""Keys of dropout: a number for each update, from which masks are hashed."""

from __future__ import annotations

import functools

import numpy as np


def dropout_keys(seed: int, first: int, count: int) -> np.ndarray:
    """Dropout's key of each update, from the network's seed and the update's number."""
    return _first_key(seed) + np.arange(first, first + count, dtype=np.uint64)


@functools.lru_cache(maxsize=64)
def _first_key(seed: int) -> np.uint64:
    return np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
