"""Products alone: right to rounding, and the same bits for any number of threads and wherever a row lies."""

from __future__ import annotations

import numpy as np
import pytest

from elman.engine import native_available
from elman.engine.products import Weights, matrix_gradient
from elman.errors import EngineError

pytestmark = pytest.mark.skipif(not native_available(), reason="products of the native engine")

# Small ones, ones around the borders of tiles and panels, and rows so long that they are copied in parts.
SHAPES = [(1, 1, 1), (6, 33, 17), (15, 100, 64), (70, 300, 513), (33, 256, 1100), (131, 290, 2053), (5, 260, 1024)]


def random(seed: int, *size: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def product(a: np.ndarray, w: np.ndarray, threads: int) -> np.ndarray:
    return Weights(w, threads).multiply(a, np.full((len(a), len(w)), np.nan, np.float32))


@pytest.mark.parametrize("m, n, k", SHAPES)
def test_a_product_is_right(m, n, k):
    a, w = random(0, m, k), random(1, n, k)
    sizes = np.abs(a).astype(float) @ np.abs(w.T).astype(float)
    error = np.abs(product(a, w, 1) - a.astype(float) @ w.T.astype(float))
    assert (error <= (k + 1) * np.finfo(np.float32).eps * sizes).all()


@pytest.mark.parametrize("m, n, k", SHAPES)
def test_neither_threads_nor_the_other_rows_change_a_bit(m, n, k):
    a, w = random(2, m, k), random(3, n, k)
    whole = product(a, w, 1)
    for threads in (2, 3):
        np.testing.assert_array_equal(product(a, w, threads), whole)
    for row in {0, m // 2, m - 1}:
        np.testing.assert_array_equal(product(a[row : row + 1], w, 1)[0], whole[row])


def test_other_weights_of_the_same_shape_take_the_place():
    a, w, other = random(4, 9, 40), random(5, 50, 40), random(6, 50, 40)
    out = np.empty((9, 50), np.float32)
    np.testing.assert_array_equal(Weights(w, 2).pack(other).multiply(a, out), product(a, other, 1))


@pytest.mark.parametrize("m, k, rows", [(1, 1, 1), (100, 100, 300), (512, 28, 700), (130, 140, 256), (600, 700, 513)])
def test_a_gradient_is_right_and_has_the_same_bits_for_any_number_of_threads(m, k, rows):
    delta, source = random(7, rows, m), random(8, rows, k)
    one, two = (matrix_gradient(delta, source, np.full((m, k), np.nan, np.float32), threads) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)
    sizes = np.abs(delta.T).astype(float) @ np.abs(source).astype(float)
    error = np.abs(one - delta.T.astype(float) @ source.astype(float))
    assert (error <= (rows + 1) * np.finfo(np.float32).eps * sizes).all()


def test_arrays_that_do_not_fit_are_refused():
    weights = Weights(random(9, 4, 3), 1)
    with pytest.raises(EngineError, match="do not fit"):
        weights.multiply(random(10, 2, 4), np.empty((2, 4), np.float32))
    with pytest.raises(EngineError, match="do not fit"):
        matrix_gradient(random(11, 5, 2), random(12, 4, 2), np.empty((2, 2), np.float32), 1)
