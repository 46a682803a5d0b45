"""Ranks that are threads of one process: to try out and to test what else needs several machines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from elman.checks import whole
from elman.errors import OptionError
from elman.training.ranks import SHARDS, Ranks

R = TypeVar("R")


class _Ended:
    """What a rank says whose function has returned."""


class _Meeting:
    """Where the threads put what they say to one another."""

    def __init__(self, size: int):
        self.barrier, self.said = threading.Barrier(size), list[Any]([None] * size)


class Thread:
    """One rank of several threads; see `elman.training.ranks.Ranks`."""

    def __init__(self, rank: int, meeting: _Meeting, shards: int):
        self.rank, self.size, self.shards = rank, len(meeting.said), shards
        self._meeting = meeting

    def gather(self, value: Any) -> list[Any]:
        self._meeting.said[self.rank] = value
        self._meeting.barrier.wait()
        found = list(self._meeting.said)
        self._meeting.barrier.wait()
        ended = [rank for rank, said in enumerate(found) if isinstance(said, _Ended)]
        if 0 < len(ended) < self.size:  # the others would wait for ever
            raise OptionError(
                f"rank {ended[0]} has ended while others train on: call fit and share on every rank, equally often "
                "(what only one rank is to do, as save, comes after them)"
            )
        return found

    def gather_numbers(self, values: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        return np.concatenate(self.gather(values))

    def combine(
        self, parts: Sequence[np.ndarray], counts: Sequence[int], how: Callable[[list[np.ndarray]], np.ndarray]
    ) -> np.ndarray:
        P = len(parts[0])
        first, end = P * self.rank // self.size, P * (self.rank + 1) // self.size
        every = [part[first:end].copy() for of_rank in self.gather(parts) for part in of_rank]
        return np.concatenate(self.gather(how(every)))


def in_threads(function: Callable[[Ranks], R], size: int, shards: int = SHARDS) -> list[R]:
    """Call a function once for each rank, in threads of this process.

    Parameters
    ----------
    function : function of Ranks
        Makes a network, an optimiser and callbacks of its own, and calls ``net.fit(..., ranks=ranks)``.
    size : int
        How many ranks there are.
    shards : int, default 8
        That each batch is cut into.

    Returns
    -------
    list
        What the function returned for each rank.

    Raises
    ------
    OptionError
        More ranks than shards, or the function ended on one rank while another one waited for it.
    BaseException
        What the function raised; that of the first rank where several did.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> def train(ranks):
    ...     net = el.Network(1, [el.GRU(4), el.Dense(1)], threads=1)
    ...     x = np.arange(60.0).reshape(12, 5, 1) / 60
    ...     return net.fit(x, x, epochs=2, ranks=ranks, verbose=0)["loss"]
    >>> one, two = el.distributed.in_threads(train, 2)
    >>> one == two == el.distributed.in_threads(train, 1)[0]
    True
    """
    check_size(whole(size, "size"), whole(shards, "shards"))
    meeting = _Meeting(size)

    def run(rank: int) -> R:
        thread = Thread(rank, meeting, shards)
        try:
            result = function(thread)
            thread.gather(_Ended())
            return result
        except BaseException:
            meeting.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        runs = [pool.submit(run, rank) for rank in range(size)]
    errors = [error for error in (r.exception() for r in runs) if error is not None]
    for error in sorted(errors, key=lambda e: isinstance(e, threading.BrokenBarrierError)):
        raise error
    return [r.result() for r in runs]


def check_size(size: int, shards: int) -> None:
    """Refuse ranks that would have no shard."""
    if size > shards:
        raise OptionError(
            f"{size} ranks came and {shards} shards, so that some would have nothing to do: give shards={size} or more"
        )
