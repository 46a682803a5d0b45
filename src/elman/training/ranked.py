"""The training loop of several ranks: all do the same, each computes its shards, and one writes."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.checks import flag, instance
from elman.data.datasets import Dataset
from elman.engine.interface import Engine
from elman.errors import OptionError, TrainingError
from elman.training.agreement import ORIGIN, Failure, failure_of, raise_first
from elman.training.alike import check_alike, check_same, engine_of, named_hashes, what_is_learnt, what_trains
from elman.training.examples import judged_sums, means
from elman.training.history import History
from elman.training.interrupts import Interrupts
from elman.training.loop import Loop
from elman.training.protocol import Trainer
from elman.training.ranks import EXPECTED, Ranks, borders_of, shards_of
from elman.training.sharded import Sharded
from elman.training.standing import Standing
from elman.training.state import Watcher
from elman.training.weighing import ClassWeight


def check_ranks(ranks: Any) -> None:
    """Refuse what is neither ranks nor None."""
    if ranks is not None:
        instance(ranks, Ranks, "ranks", EXPECTED)


def check_own_rows(own_rows: Any, ranks: Ranks | None, class_weight: ClassWeight) -> None:
    """Refuse options that know nothing of rows on other ranks."""
    if flag(own_rows, "own_rows") and ranks is None:
        raise OptionError("own_rows says that other ranks have the other rows, and there are no ranks: give them")
    if own_rows and isinstance(class_weight, str):
        raise OptionError(
            "class_weight='balanced' counts the classes of all rows: with own_rows give a dict of weights"
        )


def check_no_dataset(x: Any, target: Any, validation: Any, steps: Any, more: Mapping[str, Any]) -> None:
    """Refuse what gives its rows some at a time: each rank takes its shards of all rows by their numbers."""
    alone = any(isinstance(one, Dataset) for one in (x, validation)) or target is None
    if alone or steps is not None or any(more.values()):
        raise OptionError(
            "ranks share out the rows of arrays, or of memory maps, and this is a dataset or an option of one: give "
            "x and "
            "target as arrays, of each rank its own with own_rows=True if they are large"
        )


@dataclass(eq=False, kw_only=True)
class RankedLoop(Loop):
    """Trains with several ranks.

    Attributes
    ----------
    ranks : Ranks
        Which, and which of them this is.
    own_rows : bool
        Whether this rank has its own rows only.
    """

    ranks: Ranks
    own_rows: bool = False
    _interrupts: Interrupts = field(init=False)
    _sharded: Sharded | None = None
    _row_counts: list[np.ndarray] = field(default_factory=list)  # of each goal, of the rows of all ranks

    def __post_init__(self) -> None:
        self._interrupts = Interrupts(terms=self.place is not None)
        goals = (*self.data.judged, *self.data.penalties)
        with self._together():
            counts = [goal.totals(np.arange(len(self.data))) for goal in goals]
        of_ranks = self.ranks.gather(counts) if self.own_rows else [counts]
        self._row_counts = [np.concatenate(parts) for parts in zip(*of_ranks, strict=True)]
        with self._together():
            self._check_rows()
            super().__post_init__()
            self._check_plan()
        self._all_alike()

    # --- which rows ------------------------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        """Rows of all ranks."""
        return len(self._row_counts[0])

    @property
    def _mine(self) -> range:
        return shards_of(self.ranks.rank, self.ranks.size, self.ranks.shards)

    @property
    def _offset(self) -> int:
        return int(borders_of(self._count, self.ranks.shards)[self._mine.start]) if self.own_rows else 0

    def _check_rows(self) -> None:
        if not self.own_rows:
            return
        first, end = borders_of(self._count, self.ranks.shards)[[self._mine.start, self._mine.stop]]
        if len(self.data) != end - first:
            raise OptionError(
                f"all ranks have {self._count} rows together, and this one has {len(self.data)}; expected "
                f"{end - first}, rows {first} to {end - 1}: take those of el.distributed.part({self._count}, ranks)"
            )
        if self.batch_size % self.ranks.shards:
            raise OptionError(
                f"batch_size={self.batch_size} is no multiple of {self.ranks.shards} shards, which each have rows of "
                "their own with own_rows: choose one that is"
            )

    def _check_plan(self) -> None:
        if self._engine.plan.meetings:
            raise OptionError(
                "the network has batch normalisation, which takes the moments of all rows of a batch, and a rank has "
                "only some of them: use LayerNorm in place of BatchNorm"
            )

    def _rows_that_count(self) -> np.ndarray:
        return np.arange(self._count) if self.own_rows else super()._rows_that_count()

    def _order(self) -> tuple[np.ndarray, np.ndarray]:
        if not self.own_rows:
            return super()._order()
        parts = [self._part(shard) for shard in range(self.ranks.shards)]
        size = self.batch_size // self.ranks.shards
        batches = [np.concatenate([part[n * size : (n + 1) * size] for part in parts]) for n in range(self.batches)]
        return np.concatenate(batches), np.cumsum([0, *map(len, batches)])

    def _part(self, shard: int) -> np.ndarray:
        """The rows of a shard, in this epoch's order."""
        rows = np.arange(*borders_of(self._count, self.ranks.shards)[shard : shard + 2])
        return (
            np.random.default_rng([self.net.seed, self.net.epochs, shard]).permutation(rows) if self.shuffle else rows
        )

    def _counts(self, rows: np.ndarray, borders: np.ndarray) -> np.ndarray:
        if not self.own_rows or len(self.data.judged) > 1:
            return super()._counts(rows, borders)
        return np.add.reduceat(self._row_counts[0][rows], borders[:-1])

    @property
    def spent(self) -> dict[str, float]:
        """Seconds so far: ``compute`` gradients, ``wait`` for the slowest rank, ``reduce`` over ranks, ``update``."""
        return dict(self._sharded.seconds) if self._sharded is not None else {}

    # --- what is computed ------------------------------------------------------------------------------------

    def _trainer(self) -> Trainer:
        engine: Engine = self.net.trainer(self.data.aims)
        if self._sharded is None or self._sharded.engine is not engine:
            self._sharded = Sharded(engine, self.ranks, self._row_counts, self._offset, self._interrupts)
        return self._sharded

    @property
    def has_all_rows(self) -> bool:
        return False

    def gradient(self, rows: np.ndarray, key: int, states: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """The gradient of the update that failed; a rank has not all rows of it."""
        assert self._sharded is not None and self._sharded.failed is not None
        return self._sharded.failed

    def _judge(self, data: Any) -> dict[str, float]:
        most = self.batch_size if self.memory == "low" else max(self.batch_size, 256)
        count, offset = (self._count, self._offset) if data is self.data else (len(data), 0)
        borders = itertools.pairwise(borders_of(count, self.ranks.shards).tolist())
        of_shards = [_pieces(first, end, most) for first, end in borders]
        mine = [slice(p.start - offset, p.stop - offset) for shard in self._mine for p in of_shards[shard]]
        sums, memory = np.zeros((0, 0)), "low" if self.truncate else self.memory
        with self._together():
            sums = judged_sums(self.net, data, mine, memory, self.metrics)
        width = len(data.judged) * (2 + len(self.metrics))
        of_ranks = [shards_of(rank, self.ranks.size, self.ranks.shards) for rank in range(self.ranks.size)]
        counts = [width * sum(len(of_shards[shard]) for shard in shards) for shards in of_ranks]
        return means(data, self.ranks.gather_numbers(sums.ravel(), counts).reshape(-1, width), [*self.metrics])

    # --- what is agreed on -----------------------------------------------------------------------------------

    def run(self) -> History:
        try:
            with self._interrupts:
                return super().run()
        except KeyboardInterrupt:
            if self.place is not None:
                self.place.run.interrupts.terminated |= self._interrupts.terminated
            raise
        except TrainingError as error:
            if not hasattr(error, ORIGIN):
                setattr(error, ORIGIN, 0)  # all ranks have found it, from the same numbers
            raise

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """What this rank does by itself: an error, or a wish to stop, is that of all."""
        own: BaseException | None = None
        try:
            self._interrupts.look()
            yield
        except BaseException as error:
            own = error
        found = self.ranks.gather((failure_of(own), self.stop))
        failures: list[Failure | None] = [failure for failure, _ in found]
        raise_first(failures, self.ranks, own)
        self.stop = any(stop for _, stop in found)

    def learnt(self) -> dict[str, Any]:
        judging = {} if self.validation is None else what_is_learnt(self.validation)
        mine = what_is_learnt(self.data, self.own_rows) | {"shards": self.ranks.shards}
        return mine | {f"{name} of the validation data": found for name, found in judging.items()}

    def _stood(self) -> Standing | None:
        """As rank 0 has read it."""
        found: Standing | None = None
        with self._together():
            found = super()._stood()
        return found if self.place is None else self.ranks.gather(found)[0]

    def _look(self) -> None:
        """As rank 0 has it: what is due by the time is so for all of them when it has written."""
        if self.place is not None:
            with self._together():
                super()._look()

    def _mine_of(self, callbacks: list[Watcher]) -> list[Watcher]:
        return [c for c in callbacks if self.ranks.rank == 0 or not c.one_rank]

    def _tell(self, event: str) -> None:
        if event == "on_epoch_end":
            self.logs = self.ranks.gather(self.logs)[0]  # seconds differ
            self._check_weights()
        with self._together():
            for callback in self._mine_of(list(self.callbacks)):
                getattr(callback, event)(self)

    def _tell_of_batch(self) -> None:
        due = [c for c in self._watchers if self.net.updates % c.every == 0]
        if due:
            with self._together():
                for callback in self._mine_of(due):
                    callback.on_batch_end(self)

    def _tell_the_end(self) -> None:
        told = contextlib.nullcontext() if self.failed else self._together()
        with told, contextlib.ExitStack() as stack:
            for callback in reversed(self._mine_of(list(self.callbacks))):
                stack.callback(callback.on_train_end, self)

    def _all_alike(self) -> None:
        here = {"engine": engine_of(self.net), "epochs": self.epochs, "saved": self.place is not None}
        here["callbacks"] = [type(c).__name__ for c in self.callbacks]
        check_same({**here, **what_trains(self), **self.learnt()}, self.ranks)
        self._check_weights()

    def _check_weights(self) -> None:
        check_alike(named_hashes(self.net, self.optimizer), self.ranks)


def _pieces(first: int, end: int, most: int) -> list[slice]:
    """Rows of a shard, some at a time."""
    return [slice(start, min(start + most, end)) for start in range(first, end, most)]
