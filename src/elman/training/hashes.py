"""Hashes of arrays, by which trainings are known to be of the same data."""

from __future__ import annotations

import hashlib

import numpy as np

SAMPLE = 64  # rows at least, of an array that is not hashed as a whole
BYTES = 1 << 24  # that are hashed at most, unless so few rows have more


def hash_of(array: np.ndarray) -> bytes:
    """A hash of all values."""
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()


def sample_of(array: np.ndarray) -> bytes:
    """A hash of all values, or of rows from all over where there are many."""
    if array.nbytes <= BYTES:
        return hash_of(array)
    rows = max(SAMPLE, BYTES * len(array) // array.nbytes)
    return hash_of(array[np.unique(np.linspace(0, len(array) - 1, rows).astype(int))])
