"""How many threads NumPy's BLAS takes. It decides when it is loaded: this file must not import NumPy."""

from __future__ import annotations

import os

from elman.cores import cores

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS")


def limit_threads(threads: int | str) -> None:
    """Have the BLAS that is loaded later, here or in processes started from here, take so many threads."""
    os.environ.update(dict.fromkeys(VARIABLES, str(threads)))


def threads() -> int:
    """What the environment says, or every core that this process may use."""
    given = [os.environ[name] for name in VARIABLES if os.environ.get(name, "").isdecimal()]
    return int(given[0]) if given else cores()
