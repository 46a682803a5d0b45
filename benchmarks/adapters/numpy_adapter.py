"""NumPy's float32 matrix product."""

from __future__ import annotations

import numpy as np

from elman.bench import sgemm
from elman.bench.turns import Run
from elman.bench.workload import Workload


def version() -> str:
    return np.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """An epoch of products, with the threads of the environment."""
    return sgemm.with_numpy()
