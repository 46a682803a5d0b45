"""Which cases are held out: of every class, or of every part of the range of a target, the same share."""

from __future__ import annotations

import numpy as np

PARTS = 5  # of the range of a target


def held_out(strata: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which cases judge a training, a share of each stratum, of each of at least two cases one at least stays.

    Parameters
    ----------
    strata : ndarray of int, shape (N,)
        The stratum of each case, such as its class.
    share : float
        In (0, 1).
    seed : int

    Returns
    -------
    ndarray of bool, shape (N,)

    Examples
    --------
    >>> held_out(np.repeat([0, 1], [8, 4]), 0.25, 0).sum(), held_out(np.repeat([0, 1], [8, 4]), 0.25, 0)[8:].sum()
    (np.int64(3), np.int64(1))
    """
    order = np.random.default_rng(seed).permutation(len(strata))
    chosen = np.zeros(len(strata), bool)
    for stratum in np.unique(strata):
        mine = order[strata[order] == stratum]
        count = min(max(round(share * len(mine)), 1), len(mine) - 1)
        chosen[mine[:count]] = True
    return chosen


def parts_of(target: np.ndarray) -> np.ndarray:
    """Strata of a target (N, K): which part of the range of its first column each lies in, as many cases in each."""
    ranks = np.argsort(np.argsort(target[:, 0], kind="stable"), kind="stable")
    return ranks * min(PARTS, max(len(target) // 2, 1)) // len(target)
