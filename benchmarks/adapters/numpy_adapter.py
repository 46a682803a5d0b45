"""NumPy's float32 matrix product."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from benchmarks.sgemm import operands
from benchmarks.workloads import Workload


def version() -> str:
    return np.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Callable[[], float]:
    """A function that computes as many products as the workload has units, with the threads of the environment."""
    a, b = operands()
    out = np.empty_like(a)

    def epoch() -> float:
        for _ in range(workload.units):
            np.matmul(a, b, out=out)
        return float("nan")

    return epoch
