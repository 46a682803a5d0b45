"""Ranks: the processes that train one network together, and the order in which they sum.

Each batch is cut into a fixed number of *shards*, neighbouring rows. The gradients of shards are added as a binary tree
adds them whose leaves are the shards: the same tree for any number of ranks. A rank has neighbouring shards too, and
adds what is below the tree's nodes that it holds as a whole; the few sums that it is left with go to the ranks that add
the rest, each a slice of the parameters. So one rank and sixty-four give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

SHARDS = 8  # of a batch, by default
EXPECTED = "ranks of elman.distributed, such as el.distributed.mpi()"  # in messages

Node = tuple[int, int]  # of the tree: its first shard, and how many there is room for, a power of two


@runtime_checkable
class Ranks(Protocol):
    """What the processes of a training say to one another. Each method is called by all of them, in the same order.

    Attributes
    ----------
    rank, size : int
        The number of this process, from 0, and how many there are.
    shards : int
        Of each batch.

    Examples
    --------
    >>> import elman as el
    >>> ranks = el.distributed.alone()
    >>> ranks.rank, ranks.size, ranks.gather("here")
    (0, 1, ['here'])
    """

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""

    @property
    def size(self) -> int:
        """How many processes there are."""

    @property
    def shards(self) -> int:
        """Into how many parts a batch is cut."""

    def gather(self, value: Any) -> list[Any]:
        """What each rank gives, on all of them; any object that can be pickled.

        Parameters
        ----------
        value : object
            This rank's.

        Returns
        -------
        list
            In the order of the ranks.
        """
        ...

    def gather_numbers(self, values: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """The float64 numbers of all ranks, one behind the other; so many of each rank.

        Parameters
        ----------
        values : ndarray of float64
            This rank's.
        counts : sequence of int
            How many each rank gives.

        Returns
        -------
        ndarray of float64
        """
        ...

    def combine(
        self,
        parts: Sequence[np.ndarray],
        counts: Sequence[int],
        how: Callable[[list[np.ndarray]], np.ndarray],
    ) -> np.ndarray:
        """One array of several on each rank.

        Parameters
        ----------
        parts : list of arrays (P,)
            Those of this rank, at least one.
        counts : list of int
            How many each rank has.
        how : function
            Makes one array (n,) of the arrays (n,) of all ranks, in their order: a slice of the result of the same
            slice of each. It may change them.

        Returns
        -------
        array (P,)
            The same bits on all ranks.
        """
        ...


@dataclass(frozen=True)
class Alone:
    """The only rank."""

    shards: int
    rank: int = 0
    size: int = 1

    def gather(self, value: Any) -> list[Any]:
        return [value]

    def gather_numbers(self, values: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        return values

    def combine(
        self, parts: Sequence[np.ndarray], counts: Sequence[int], how: Callable[[list[np.ndarray]], np.ndarray]
    ) -> np.ndarray:
        return how(list(parts))


def shards_of(rank: int, size: int, shards: int) -> range:
    """The shards that a rank has."""
    return range(shards * rank // size, shards * (rank + 1) // size)


def borders_of(rows: int, shards: int) -> np.ndarray:
    """Where the shards of so many rows begin and end, (shards + 1,)."""
    return rows * np.arange(shards + 1) // shards


def nodes_of(mine: range, shards: int) -> list[Node]:
    """The largest nodes of the tree whose shards are all among neighbouring ones, in order."""
    return _below((0, 1 << (shards - 1).bit_length()), mine, shards)


def _below(node: Node, mine: range, shards: int) -> list[Node]:
    first, end = node[0], min(node[0] + node[1], shards)
    if first >= end or end <= mine.start or mine.stop <= first:
        return []
    if mine.start <= first and end <= mine.stop:
        return [node]
    return [found for half in _halves(node) for found in _below(half, mine, shards)]


def _halves(node: Node) -> tuple[Node, Node]:
    first, room = node
    return (first, room // 2), (first + room // 2, room // 2)


def sum_below(node: Node, leaf: Callable[[int], np.ndarray], shards: int) -> np.ndarray:
    """The sum of the shards below a node, from the arrays of its shards, the first of which may be changed."""
    first, room = node
    if room == 1:
        return leaf(first)
    left, right = _halves(node)
    found = sum_below(left, leaf, shards)
    if right[0] < shards:
        found += sum_below(right, leaf, shards)
    return found


def sum_all(sums: Mapping[Node, np.ndarray], shards: int) -> np.ndarray:
    """The sum of all shards, from those of nodes that have each shard once; the arrays may be changed."""
    return _sum_from((0, 1 << (shards - 1).bit_length()), sums, shards)


def _sum_from(node: Node, sums: Mapping[Node, np.ndarray], shards: int) -> np.ndarray:
    if node in sums:
        return sums[node]
    left, right = _halves(node)
    found = _sum_from(left, sums, shards)
    if right[0] < shards:
        found += _sum_from(right, sums, shards)
    return found
