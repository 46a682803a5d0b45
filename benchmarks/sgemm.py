"""The matrix product by which the speed of the machine is judged."""

from __future__ import annotations

import numpy as np

SIZE = 1024
FLOPS = 2 * SIZE**3


def operands() -> tuple[np.ndarray, np.ndarray]:
    a, b = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)
    return a, b
