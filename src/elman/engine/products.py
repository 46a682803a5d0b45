"""Matrix products by the native engine alone, with no network around them: for measurements and tests."""

from __future__ import annotations

import numpy as np


class Weights:
    """A matrix, packed as the native engine packs weights, whose products threads share.

    Parameters
    ----------
    w : ndarray of float32, shape (N, K)
    threads : int
    bfloat16 : bool, default False
        Whether what is multiplied is rounded to such numbers.
    """

    def __init__(self, w: np.ndarray, threads: int, bfloat16: bool = False) -> None:
        import elman._native as native

        self._native = native.Weights32(np.ascontiguousarray(w), threads, bfloat16)

    def pack(self, w: np.ndarray) -> Weights:
        """Take another matrix of the same shape in its place; returns itself."""
        self._native.pack(np.ascontiguousarray(w))
        return self

    def multiply(self, a: np.ndarray, out: np.ndarray) -> np.ndarray:
        """``out = a @ w.T``, of rows (M, K), float32, to (M, N); returns `out`."""
        self._native.multiply(a, out)
        return out


def matrix_gradient(
    delta: np.ndarray, source: np.ndarray, out: np.ndarray, threads: int, bfloat16: bool = False
) -> np.ndarray:
    """``out = delta.T @ source``, the gradient of a matrix from rows (R, N) and (R, K), float32; returns `out`."""
    import elman._native as native

    native.matrix_gradient(delta, source, out, threads, bfloat16)
    return out
