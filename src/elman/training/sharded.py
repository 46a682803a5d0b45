"""Updates by several ranks: each computes the gradients of its shards, all add them and do the same update."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from elman.engine import arrays
from elman.engine.interface import AS_A_WHOLE, Batch, Engine, How, TrainResult, Updates
from elman.training.agreement import failure_of, raise_first
from elman.training.interrupts import Interrupts
from elman.training.ranks import Ranks, borders_of, nodes_of, shards_of, sum_all, sum_below

_versions = itertools.count(1 << 63)  # of parameters between two updates: beyond those that `Parameters` counts


class Sharded:
    """What trains a network with several ranks; `train` is that of `elman.engine.interface.Engine`.

    Parameters
    ----------
    engine : Engine
        Of this rank.
    ranks : Ranks
        With whom.
    counts : list of arrays (N,)
        What each row counts in the loss of each output, of all rows of the data set.
    offset : int, default 0
        The row of the data set that is the first of those that this rank has.
    interrupts : Interrupts, optional
        Where Ctrl-C is noted.

    Attributes
    ----------
    seconds : dict of str to float
        Spent so far: ``compute`` gradients, ``wait`` for the slowest rank, ``reduce`` them over ranks, ``update``.
    failed : array (P,), optional
        The gradient of the last update, if that was not done.
    """

    def __init__(
        self,
        engine: Engine,
        ranks: Ranks,
        counts: Sequence[np.ndarray],
        offset: int = 0,
        interrupts: Interrupts | None = None,
    ):
        self.plan, self.engine, self._ranks = engine.plan, engine, ranks
        self._counts, self._offset, self._interrupts = counts, offset, interrupts or Interrupts()
        of_ranks = [shards_of(rank, ranks.size, ranks.shards) for rank in range(ranks.size)]
        self._mine = of_ranks[ranks.rank]
        self._sizes = [len(shards) for shards in of_ranks]
        self._nodes = [nodes_of(shards, ranks.shards) for shards in of_ranks]
        self.seconds: dict[str, float] = dict.fromkeys(("compute", "wait", "reduce", "update"), 0.0)
        self.failed: np.ndarray | None = None

    def check_indices(self, data: Batch) -> None:
        self.engine.check_indices(data)

    def train(self, parameters: np.ndarray, data: Batch, updates: Updates, how: How = AS_A_WHOLE) -> TrainResult:
        """Do many updates; the first rank says when there is no more time."""
        rows, borders = arrays.flat_batches(updates.batches, len(self._counts[0]))
        losses, started, counted = np.zeros(len(borders) - 1), time.perf_counter(), updates.counter()
        for done, (first, end) in enumerate(itertools.pairwise(borders)):
            here = _one(updates, done)
            found, error = self._compute(parameters, data, rows[first:end], here, how)
            late = time.perf_counter() - started > updates.seconds
            losses[done], late = self._meet(found[1], late, error)
            gradients = self._reduce(found[0])
            if self.plan.root:
                losses[done] = _root(losses[done], gradients)
            with self._timed("update"):
                if not np.isfinite(losses[done]) or not self.engine.update(parameters, gradients, here):
                    self.failed = gradients
                    return TrainResult(losses[: done + 1], done, False)
                counted[0] = done + 1
            if late:
                break
        return TrainResult(losses[: done + 1], done + 1, True)

    def _compute(
        self, parameters: np.ndarray, data: Batch, rows: np.ndarray, updates: Updates, how: How
    ) -> tuple[tuple[list[np.ndarray], np.ndarray], BaseException | None]:
        """The sums of this rank's nodes and the losses of its shards; or what went wrong."""
        losses = np.zeros(len(self._mine))
        with self._timed("compute"):
            try:
                self._interrupts.look()
                shard = self._shards(parameters, data, rows, updates, how, losses)
                return ([sum_below(n, shard, self._ranks.shards) for n in self._nodes[self._ranks.rank]], losses), None
            except BaseException as error:
                return ([], losses), error

    def _shards(self, parameters, data, rows, updates, how, losses):
        """A function that computes the gradient of a shard, and leaves its loss among the others."""
        totals = tuple(float(count[rows].sum()) for count in self._counts)
        key = 0 if updates.keys is None else int(updates.keys[0])
        borders, version = borders_of(len(rows), self._ranks.shards), next(_versions)

        def shard(number: int) -> np.ndarray:
            first, end = (int(border) for border in borders[number : number + 2])
            if first == end:
                return np.zeros_like(parameters)
            states = None if updates.carried is None else [a[first:end] for a in updates.carried]
            mine = data.rows(rows[first:end] - self._offset, states=states, key=key)
            batch = replace(mine, first=first, totals=totals)
            found = self.engine.gradients(parameters, batch, how, version=version)
            losses[number - self._mine.start] = found.loss
            for kept, state in zip(states or [], found.states if states else [], strict=True):
                kept[...] = state
            return found.parameters

        return shard

    def _meet(self, losses: np.ndarray, late: bool, error: BaseException | None) -> tuple[float, bool]:
        """The loss of the whole batch, and whether the time is up on the first rank; raise where a rank has failed."""
        with self._timed("wait"):
            said = np.concatenate([[error is not None, late], losses])
            found = self._ranks.gather_numbers(said, [2 + size for size in self._sizes])
        places = np.cumsum([0, *(2 + size for size in self._sizes[:-1])])
        if found[places].any():
            raise_first(self._ranks.gather(failure_of(error)), self._ranks, error)
        of_shards = np.delete(found, np.concatenate([places, places + 1]))
        return float(np.cumsum(of_shards)[-1]), bool(found[1])  # one after the other

    def _reduce(self, sums: list[np.ndarray]) -> np.ndarray:
        """The gradient of the whole batch."""
        nodes, shards = [node for of_rank in self._nodes for node in of_rank], self._ranks.shards
        with self._timed("reduce"):
            return self._ranks.combine(
                sums, [len(n) for n in self._nodes], lambda found: sum_all(dict(zip(nodes, found, strict=True)), shards)
            )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.seconds[what] += time.perf_counter() - begun


def _one(updates: Updates, number: int) -> Updates:
    """One of some updates."""
    keys = None if updates.keys is None else updates.keys[number : number + 1]
    norms = None if updates.norms is None else updates.norms[number : number + 1]
    return replace(updates, scalars=updates.scalars[number : number + 1], keys=keys, norms=norms)


def _root(square: float, gradients: np.ndarray) -> float:
    """The root of a loss; its gradients are scaled."""
    loss = float(np.sqrt(square))
    gradients *= gradients.dtype.type(0.5 / loss if loss > 0 else 0.0 if loss == 0 else np.nan)
    return loss
