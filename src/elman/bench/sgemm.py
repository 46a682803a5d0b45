"""The matrix product by which the speed of the machine is judged: 1024 x 1024, float32 or bfloat16."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.bench.turns import Run

SIZE = 1024
FLOPS = 2 * SIZE**3
PRODUCTS = 10  # in an epoch
WAYS = {"sgemm": None, "product in bfloat16": "bfloat16"}  # numbers that are multiplied, float32 by default


def operands() -> tuple[np.ndarray, np.ndarray]:
    a, b = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)
    return a, b


def run(multiply: Callable[[], Any]) -> Run:
    """An epoch of products; there is no loss."""

    def epoch() -> None:
        for _ in range(PRODUCTS):
            multiply()

    return Run(epoch, lambda _: math.nan)


def with_numpy() -> Run:
    """NumPy's product, with the threads that its BLAS has had since it was loaded."""
    a, b = operands()
    out = np.empty_like(a)
    return run(lambda: np.matmul(a, b, out=out))


def gflops(ms: float) -> float:
    """Of a product that takes so long."""
    return FLOPS / (ms * 1e6)
