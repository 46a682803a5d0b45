"""Which cases are held out: of every class, or of every part of the range of a target, the same share."""

from __future__ import annotations

import numpy as np

PARTS = 5  # of the range of a target
ORDERS = 200  # of groups that are tried


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


def groups_held_out(groups: np.ndarray, strata: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which cases judge a training: those of whole groups, about a share of each stratum.

    Of drawn orders of the groups, those in front until the share is reached, that one whose shares of the strata are
    the closest; of each stratum that is in several groups some cases stay.

    Parameters
    ----------
    groups, strata : ndarray of int, shape (N,)
        The group and the stratum of each case.
    share : float
        In (0, 1).
    seed : int

    Returns
    -------
    ndarray of bool, shape (N,)
        All False where there is one group only.

    Examples
    --------
    >>> groups = np.repeat([0, 1, 2, 3], 5)
    >>> held = groups_held_out(groups, np.arange(20) % 2, 0.25, 0)
    >>> held.sum(), len(set(groups[held]))
    (np.int64(5), 1)
    """
    rng = np.random.default_rng(seed)
    table = np.zeros((groups.max() + 1, strata.max() + 1))  # cases of each group and stratum
    np.add.at(table, (groups, strata), 1)
    total, several = table.sum(axis=0), (table > 0).sum(axis=0) > 1
    best, chosen = np.inf, np.zeros(len(table), bool)
    for _ in range(ORDERS if len(table) > 1 else 0):
        order = rng.permutation(len(table))
        sizes = table[order].sum(axis=1).cumsum()
        count = min(int(np.argmin(abs(sizes - share * total.sum()))) + 1, len(table) - 1)
        held = table[order[:count]].sum(axis=0)
        apart = float(abs(held / total - share).max()) + 10 * float(((held == total) & several).any())
        if apart < best:
            best, chosen = apart, np.isin(np.arange(len(table)), order[:count])
    found: np.ndarray = chosen[groups]
    return found


def parts_of(target: np.ndarray) -> np.ndarray:
    """Strata of a target (N, K): which part of the range of its first column each lies in, as many cases in each."""
    ranks = np.argsort(np.argsort(target[:, 0], kind="stable"), kind="stable")
    return ranks * min(PARTS, max(len(target) // 2, 1)) // len(target)
