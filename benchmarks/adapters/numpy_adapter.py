"""NumPy's float32 matrix product, the measure of how much of the machine a workload uses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from benchmarks.workloads import Workload

SIZE = 768


def version() -> str:
    return np.__version__


def flops() -> int:
    """Arithmetic of one product."""
    return 2 * SIZE**3


def prepare(workload: Workload, cell: str, threads: int) -> Callable[[], float]:
    """A function that computes as many products as the workload has updates, with the threads of the environment."""
    a, b = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)
    out = np.empty_like(a)

    def epoch() -> float:
        for _ in range(workload.updates):
            np.matmul(a, b, out=out)
        return float("nan")

    return epoch
