"""Folds of cross-validation: each case judges once, and models that judge it never learnt from it."""

from __future__ import annotations

import numpy as np

ALWAYS_LEARNT = -1  # the fold of a case that is the only one of its kind


def folds(strata: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The fold of each case, the cases of each stratum spread over all of them.

    Parameters
    ----------
    strata : ndarray of int, shape (N,)
        The stratum of each case, such as its class.
    count : int
        How many folds.
    seed : int
        Of the order in which cases are dealt out.

    Returns
    -------
    ndarray of int, shape (N,)
        From 0 to count - 1; -1 for a case that is alone in its stratum, which every model learns from.

    Examples
    --------
    >>> found = folds(np.repeat([0, 1], [6, 4]), 2, 0)
    >>> np.bincount(found[:6]).tolist(), np.bincount(found[6:]).tolist()
    ([3, 3], [2, 2])
    """
    order = np.random.default_rng(seed).permutation(len(strata))
    found, next_one = np.full(len(strata), ALWAYS_LEARNT), 0
    for stratum in np.unique(strata):
        mine = order[strata[order] == stratum]
        if len(mine) > 1:
            found[mine] = (next_one + np.arange(len(mine))) % count  # goes on, so that the folds are of one size
            next_one += len(mine)
    return found


def folds_of_groups(groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The fold of each case, all cases of a group in one: the largest groups first, each to the smallest fold.

    Examples
    --------
    >>> folds_of_groups(np.repeat([0, 1, 2], [4, 2, 2]), 2, 0).tolist() in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)
    True
    """
    drawn = np.random.default_rng(seed).permutation(int(groups.max()) + 1)
    sizes = np.bincount(groups, minlength=len(drawn))
    fold_of, full = np.zeros(len(drawn), int), np.zeros(count, int)
    for group in sorted(drawn.tolist(), key=lambda group: -int(sizes[group])):  # ties as they were drawn
        fold_of[group] = int(full.argmin())
        full[fold_of[group]] += sizes[group]
    found: np.ndarray = fold_of[groups]
    return found
