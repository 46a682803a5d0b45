"""Networks that are run over cases: some at a time, so that memory does not grow with their number."""

from __future__ import annotations

import numpy as np

from elman.network import Network

CASES_A_RUN = 256


def run(net: Network, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """What a network makes of cases (N, T, F') of these lengths, in float64."""
    parts = [slice(first, first + CASES_A_RUN) for first in range(0, len(x), CASES_A_RUN)]
    return np.concatenate([net(x[part], lengths=lengths[part]) for part in parts]).astype(np.float64)
