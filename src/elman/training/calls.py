"""A training's engine and optimiser, and one call of them: as many updates as there is time for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from elman.engine.interface import How, Updates
from elman.engine.segments import check_how
from elman.errors import TrainingError
from elman.training import guarded
from elman.training.accumulation import accumulating
from elman.training.diagnosis import explain
from elman.training.guarded import Failure
from elman.training.keys import dropout_keys
from elman.training.limits import TimeLimit
from elman.training.protocol import Trainer
from elman.training.state import Training

SECONDS_A_CALL = 0.15  # between two looks at Ctrl-C and the progress bar


@dataclass(eq=False)
class Calls(Training):
    """Gives batches to the engine.

    Attributes
    ----------
    carried : list of ndarray (B, H), or None
        States, from batch to batch.
    """

    carried: list[np.ndarray] | None = field(default=None, init=False)

    def _prepare(self) -> None:
        """What calls of the engine need, before the first of them."""
        self._engine = self._trainer()
        self._engine.check_indices(self.data.batch)
        self.how = How(self.memory, self.truncate)
        check_how(self._engine.plan, self.how)
        self._program = self.optimizer.program()
        self._state = self.optimizer.begin(self.net)
        self._grouping = self.optimizer.grouping(self.net)

    def _trainer(self) -> Trainer:
        """What does the updates."""
        engine = self.net.trainer(self.data.aims)
        return (
            engine
            if self.accumulate == 1
            else accumulating(engine, self.data, self.accumulate, getattr(self, "_engine", None))
        )

    def _look_again(self) -> None:
        """Take the network and the optimiser as they are now: callbacks may have frozen parameters."""
        self._engine = self._trainer()
        self._program, self._grouping = self.optimizer.program(), self.optimizer.grouping(self.net)

    def _scalars(self, count: int) -> np.ndarray:
        """The optimiser's numbers of the next updates."""
        return self.optimizer.table(count, self._grouping.settings if self._grouping.spans else None)

    def _seconds(self) -> float:
        """How long a call of the engine may take, but for its first update."""
        return min([SECONDS_A_CALL, *(each.left for each in self.callbacks if isinstance(each, TimeLimit))])

    def gradient(self, rows: np.ndarray, key: int, states: Sequence[np.ndarray] | None = None) -> np.ndarray:
        failed = getattr(self._engine, "failed", None)
        return super().gradient(rows, key, states) if failed is None else failed

    def _updates(self, batches: tuple[np.ndarray, np.ndarray], scalars: np.ndarray) -> np.ndarray:
        """Train on some batches in one call of the engine, or on as many as there is time for; their losses."""
        net, optimizer, done = self.net, self.optimizer, np.zeros(1, np.int64)
        rows, borders = batches
        norms = np.zeros(len(scalars)) if self.wants_norms else None
        updates = Updates(
            batches,
            self._program,
            self._state,
            scalars,
            dropout_keys(net.seed, net.updates, len(scalars)),
            optimizer.clip_norm or 0.0,
            self.carried,
            self._seconds(),
            self._grouping.spans,
            done,
            norms,
        )
        try:
            with np.errstate(all="ignore"), net.params.writing() as arena:  # what is not finite is found and explained
                losses, failure = guarded.train(
                    self._engine, arena, self.data.batch, updates, self.how, always=self.on_nan == "skip"
                )
        finally:  # also when it was interrupted, so that what was done is what is counted
            net.updates += int(done[0])
            optimizer.updates += int(done[0])
        if norms is not None:
            self.gradient_norms[self.batch :][: len(losses)] = norms[: len(losses)]
        if failure is None:
            return losses
        return self._left_out(losses, failure, rows, borders)

    def _left_out(self, losses: np.ndarray, failure: Failure, rows: np.ndarray, borders: np.ndarray) -> np.ndarray:
        """The losses of the updates before one that failed, and NaN for that one; or an error, and why."""
        if self.on_nan == "raise" or not self.why_skipped:
            failed, key = rows[slice(*borders[len(losses) :][:2])], dropout_keys(self.net.seed, self.net.updates, 1)[0]
            batch = f"epoch {self.epoch}, batch {self.batch + len(losses) + 1} of {self.batches}"
            place = batch if self.epoch else f"update {self.net.updates + 1}"  # of the network's life
            self.why_skipped = f"{place}: {explain(self, failed, int(key), failure, self.carried)}"
        if self.on_nan == "raise":
            self._stay_before(losses)
            raise TrainingError(self.why_skipped)
        return np.append(losses, np.nan)

    def _stay_before(self, losses: np.ndarray) -> None:
        """An update failed, and these are the losses of those before it."""
