"""Values of ops in NumPy, where they are more than an expression."""

from __future__ import annotations

import math

import numpy as np

from elman.equations import attention


def sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def erf(x: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf, otypes=[x.dtype])(x) if x.size else x


def erfc(x: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erfc, otypes=[x.dtype])(x) if x.size else x


def lgamma(x: np.ndarray) -> np.ndarray:
    return np.vectorize(_lgamma_of_one, otypes=[x.dtype])(x) if x.size else x


def _lgamma_of_one(x: float) -> float:
    if x > 0:
        return math.lgamma(x) if x < 2e305 else math.inf
    return math.inf if x == 0 else math.nan


_DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def digamma(x: np.ndarray) -> np.ndarray:
    """``digamma(x) = digamma(x + 1) - 1 / x`` up to 10, and from there Stirling's series."""
    shifted, total = x.astype(np.float64), np.zeros(x.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(10):
            near = shifted < 10
            total, shifted = np.where(near, total - 1 / shifted, total), np.where(near, shifted + 1, shifted)
        square = 1 / np.square(shifted)
        series = np.polynomial.polynomial.polyval(square, _DIGAMMA_SERIES)
        found = total + np.log(shifted) - 0.5 / shifted - square * series
    return np.where(x > 0, found, np.where(x == 0, -np.inf, np.nan)).astype(x.dtype)


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def pick(x: np.ndarray, index: np.ndarray) -> np.ndarray:
    return np.take_along_axis(x, index.astype(np.int64, copy=False), axis=-1)


def place(g: np.ndarray, index: np.ndarray, width: int) -> np.ndarray:
    out = np.zeros((*index.shape[:-1], width), g.dtype)
    np.put_along_axis(out, index.astype(np.int64, copy=False), g, axis=-1)
    return out


def expand(x: np.ndarray, width: int) -> np.ndarray:
    return np.broadcast_to(x, (*x.shape[:-1], width))


def look_up(table: np.ndarray, index: np.ndarray) -> np.ndarray:
    row = index[..., 0] if index.ndim else index
    return table[row.astype(np.int64, copy=False)]


def attend_back(g: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, scale: float) -> np.ndarray:
    return attention.back(g, q, k, v, scale).query


def attend_additive_back(g: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    return attention.back(g, q, k, v, vector=w).query


def span(op: str, first: float, second: float, width: int) -> tuple[int, int]:
    """Where a slice of `width` values, or a part of those of equal width, begins and ends."""
    if op == "part":
        return int(first) * (width // int(second)), (int(first) + 1) * (width // int(second))
    return int(first) + width * (first < 0), int(second) + width * (second <= 0)


def slice_of(x: np.ndarray, first: float, second: float) -> np.ndarray:
    begin, end = span("slice", first, second, x.shape[-1])
    if not 0 <= begin < end <= x.shape[-1]:
        raise ValueError(f"there are no values {begin} to {end} of {x.shape[-1]}")
    return x[..., begin:end]


def part_of(x: np.ndarray, first: float, second: float) -> np.ndarray:
    if x.shape[-1] % int(second):
        raise ValueError(f"{x.shape[-1]} values cannot be split into {int(second)} equal parts")
    begin, end = span("part", first, second, x.shape[-1])
    return x[..., begin:end]


def concat(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = np.atleast_1d(a), np.atleast_1d(b)
    rows = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    return np.concatenate([np.broadcast_to(x, (*rows, x.shape[-1])) for x in (a, b)], axis=-1)


def pad(g: np.ndarray, first: float, width: int) -> np.ndarray:
    out = np.zeros((*g.shape[:-1], width), g.dtype)
    out[..., int(first) : int(first) + g.shape[-1]] = g
    return out


def outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = np.atleast_1d(a), np.atleast_1d(b)
    product = a[..., :, None] * b[..., None, :]
    return product.reshape(*product.shape[:-2], a.shape[-1] * b.shape[-1])


def matvec(m: np.ndarray, b: np.ndarray) -> np.ndarray:
    b = np.atleast_1d(b)
    return (_unfolded(m, m.shape[-1] // b.shape[-1], b.shape[-1]) @ b[..., None])[..., 0]


def vecmat(a: np.ndarray, m: np.ndarray) -> np.ndarray:
    a = np.atleast_1d(a)
    return (a[..., None, :] @ _unfolded(m, a.shape[-1], m.shape[-1] // a.shape[-1]))[..., 0, :]


def _unfolded(m: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """A matrix that is one vector as a matrix."""
    return m.reshape(*m.shape[:-1], rows, columns)


def block_matmul(w: np.ndarray, x: np.ndarray, count: float) -> np.ndarray:
    n = int(count)
    if len(w) % n or x.shape[-1] != n * w.shape[1]:
        raise ValueError(f"a matrix of shape {w.shape} has no {n} blocks for {x.shape[-1]} values")
    parts = x.reshape(*x.shape[:-1], n, w.shape[1])
    return np.einsum("koi,...ki->...ko", w.reshape(n, -1, w.shape[1]), parts).reshape(*x.shape[:-1], len(w))
