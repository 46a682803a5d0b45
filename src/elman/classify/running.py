"""Networks that are run over cases: some at a time, so that memory does not grow with their number or longest one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from elman.network import Network

CASES_A_RUN = 256
STEPS_A_RUN = 2**16  # of all cases together, unless one alone has more


def run(net: Network, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """What a network makes of cases (N, T, F') of these lengths, one vector of each, in float64 (N, O)."""
    found = np.empty((len(x), net.outputs))
    for some in together(lengths):
        found[some] = net(x[some, : lengths[some].max()], lengths=lengths[some])
    return found


def together(lengths: np.ndarray, steps: int = STEPS_A_RUN) -> Iterator[np.ndarray]:
    """Numbers of cases that are run together: those of similar lengths, so that few steps are padding.

    Parameters
    ----------
    lengths : ndarray of int, shape (N,)
    steps : int
        That they may have together, behind their padding to the longest.

    Examples
    --------
    >>> [some.tolist() for some in together(np.array([9, 2, 3, 2]), steps=6)]
    [[1, 3], [2], [0]]
    """
    order = np.argsort(lengths, kind="stable")
    first = 0
    for last in range(1, len(order) + 1):
        count = last - first + 1
        if last == len(order) or count > CASES_A_RUN or count * lengths[order[last]] > steps:
            yield order[first:last]
            first = last
