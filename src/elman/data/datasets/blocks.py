"""Block shuffle: an order at random of rows that are read together, in as little memory as some of them take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pool:
    """Some blocks of rows that are in memory together.

    Attributes
    ----------
    blocks : list of arrays of int
        The rows of each, ascending.
    order : array of int (n,)
        Of all their rows, block after block: which comes first, second, and so on.
    """

    blocks: list[np.ndarray]
    order: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The rows in the order in which they come."""
        return np.concatenate(self.blocks)[self.order]


def pools(
    rows: np.ndarray, borders: np.ndarray, at_once: int, seed: tuple[int, ...], first: int = 0
) -> Iterator[tuple[int, Pool]]:
    """Rows in an order at random: blocks are permuted, some of them at a time make a pool, whose rows are permuted.

    So two rows of a batch are of the same pool, and any block may be the first one; a row of a pool comes at any place
    in it.

    Parameters
    ----------
    rows : array of int
        Those that count, ascending.
    borders : array of int (K + 1,)
        Where blocks begin among the numbers of all rows.
    at_once : int
        How many blocks make a pool.
    seed : tuple of int
        Fixes the order.
    first : int, default 0
        How many rows of the order are passed over; pools of such rows only are left out.

    Yields
    ------
    skipped : int
        How many rows of the pool are passed over.
    pool : Pool
    """
    random = np.random.default_rng(seed)
    blocks = [block for block in np.split(rows, np.searchsorted(rows, borders[1:-1])) if len(block)]
    order, begun = random.permutation(len(blocks)), 0
    for start in range(0, len(blocks), at_once):
        chosen = [blocks[k] for k in order[start : start + at_once]]
        count = sum(map(len, chosen))
        mixed = random.permutation(count)
        if begun + count > first:
            yield max(first - begun, 0), Pool(chosen, mixed)
        begun += count
