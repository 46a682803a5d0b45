"""The training loop: batches in an order of their own for each epoch, given to the engine some at a time."""

from __future__ import annotations

import contextlib
import functools
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from elman.engine import arrays
from elman.engine.interface import How, Updates
from elman.engine.segments import check_how
from elman.errors import OptionError, TrainingError
from elman.training import guarded
from elman.training.diagnosis import explain
from elman.training.examples import Examples, judge
from elman.training.history import History
from elman.training.metrics import check_value
from elman.training.parts import Part
from elman.training.protocol import Trainer
from elman.training.state import Training

SECONDS_A_CALL = 0.15  # between two looks at Ctrl-C and the progress bar


@dataclass(eq=False)
class Loop(Training):
    """Trains."""

    def __post_init__(self) -> None:
        self._rows = self._rows_that_count()
        self.batches = -(-len(self._rows) // self.batch_size)
        if self.stateful:
            self._check_stateful()
        self._engine = self._trainer()
        self._engine.check_indices(self.data.batch)
        self.how = How(self.memory, self.truncate)
        check_how(self._engine.plan, self.how)
        self._program = self.optimizer.program()
        self._state = self.optimizer.begin(self.net)
        self._grouping = self.optimizer.grouping(self.net)
        self._carried: list[np.ndarray] | None = None  # states, from batch to batch
        self._watchers = [c for c in self.callbacks if c.watches_batches]

    def run(self) -> History:
        """Train until the last epoch, or until a callback stops it."""
        self.check_callbacks()
        self.net.history = self.history
        self._tell("on_train_begin")
        try:
            for epoch in range(1, self.epochs + 1):
                self._epoch(epoch)
                if self.stop:
                    break
        except KeyboardInterrupt:
            self.interrupted = True
            raise
        except BaseException:
            self.failed = True
            raise
        finally:
            self._tell_the_end()
        if self.skipped:
            warnings.warn(
                f"{self.skipped} of {self.batches * self.history.epochs} batches were left out (on_nan='skip'). The "
                f"first that was: {self.why_skipped}",
                RuntimeWarning,
                stacklevel=4,
            )
        return self.history

    def check_callbacks(self) -> None:
        """Raise what callbacks have against this training, before it begins."""
        self._tell("check")

    def update(self) -> float:
        """One update with all rows; the loss before it."""
        batch = self._rows, np.array([0, len(self._rows)])
        return float(self._updates(batch, self._scalars(1))[0])

    # --- one epoch ------------------------------------------------------------------------------------------

    def _epoch(self, number: int) -> None:
        started = time.perf_counter()
        self.epoch, self.batch, self.logs = number, 0, {}
        self._tell("on_epoch_begin")
        self._all_batches()
        if self.batch < self.batches:  # stopped by a callback
            return
        if self.on_nan == "skip":
            self._count_skipped()
        self.net.epochs += 1
        if self.metrics:
            found = self._judge(self.data)
            self.logs |= {name: value for name, value in found.items() if name in self.log_names and name != "loss"}
            self._check_metrics(found, "training")
        if self.validation is not None:
            self.logs |= self._validate(self.validation)
        rate = self.optimizer.rate(self.optimizer.updates - 1)
        self.logs |= {"learning_rate": rate, "seconds": time.perf_counter() - started}
        self._tell("on_epoch_end")
        self.history.append(self.logs)

    def _count_skipped(self) -> None:
        skipped = int(np.isnan(self._losses).sum())
        self.logs["skipped"] = skipped
        self.skipped += skipped
        if skipped == self.batches:
            raise TrainingError(
                f"epoch {self.epoch}: all of its {skipped} batches were left out (on_nan='skip'), so nothing was "
                f"learnt. The first that was: {self.why_skipped}"
            )

    def _all_batches(self) -> None:
        self._losses, self._counted = np.zeros(self.batches), np.zeros(self.batches)
        if self.stateful:
            self._carried = arrays.zeros(self._engine.plan.given_states, self.batch_size, self.net.dtype)
        for part in self._parts(self.batch):
            self.data = part.examples
            self._train_on(part)
            if self.stop:
                break

    def _parts(self, first: int) -> Iterator[Part]:
        """The batches of this epoch from one on, as many at a time as are in memory."""
        yield Part(self.data, *self._order()).behind(first)

    def _train_on(self, part: Part) -> None:
        began, end = self.batch, self.batch + len(part)
        self._counted[began:end] = self._counts(part.rows, part.borders)
        self._look_again()
        scalars, known = self._scalars(len(part)), began
        while self.batch < end and not self.stop:
            first, last = self.batch, min(end, self.batch + self._unwatched())
            if self._watchers:  # a callback may have changed the learning rate, or frozen something
                self._look_again()
                scalars, known = self._scalars(last - first), first
            self._before_updates()
            found = self._updates(part.some(first - began, last - began), scalars[first - known : last - known])
            self.batch += len(found)
            self._losses[first : self.batch] = found
            if (left_out := np.isnan(found)).any():  # which is no update
                self._counted[first : self.batch][left_out] = 0
                scalars, known = self._scalars(end - self.batch), self.batch
            self.logs["loss"] = self._mean(self._losses[: self.batch], self._counted[: self.batch])
            self._tell("on_progress")
            if not left_out.all():
                self._tell_of_batch()

    def _before_updates(self) -> None:
        """Before each call of the engine."""

    def _rows_that_count(self) -> np.ndarray:
        """The rows of an epoch, without those of weight 0."""
        weights = self.data.judged[0].weights if len(self.data.judged) == 1 else None
        rows = np.arange(len(self.data))
        return rows if weights is None or self.stateful else rows[self.data.judged[0].counts(rows) > 0]

    def _trainer(self) -> Trainer:
        """What does the updates."""
        return self.net.trainer(self.data.aims)

    def _look_again(self) -> None:
        """Take the network and the optimiser as they are now: callbacks may have frozen parameters."""
        self._engine = self._trainer()
        self._program, self._grouping = self.optimizer.program(), self.optimizer.grouping(self.net)

    def _scalars(self, count: int) -> np.ndarray:
        """The optimiser's numbers of the next updates."""
        return self.optimizer.table(count, self._grouping.settings if self._grouping.spans else None)

    def _unwatched(self) -> int:
        """How many updates can be done before a callback must be told."""
        return min((c.every - self.net.updates % c.every for c in self._watchers), default=self.batches)

    def _updates(self, batches: tuple[np.ndarray, np.ndarray], scalars: np.ndarray) -> np.ndarray:
        """Train on some batches in one call of the engine, or on as many as there is time for; their losses."""
        net, optimizer = self.net, self.optimizer
        rows, borders = batches
        updates = Updates(
            batches,
            self._program,
            self._state,
            scalars,
            dropout_keys(net.seed, net.updates, len(scalars)),
            optimizer.clip_norm or 0.0,
            self._carried,
            SECONDS_A_CALL,
            self._grouping.spans,
        )
        with np.errstate(all="ignore"), net.params.writing() as arena:  # what is not finite is found and explained
            losses, failure = guarded.train(
                self._engine, arena, self.data.batch, updates, self.how, always=self.on_nan == "skip"
            )
        net.updates += len(losses)
        optimizer.updates += len(losses)
        if failure is None:
            return losses
        if self.on_nan == "raise" or not self.why_skipped:
            failed, key = rows[slice(*borders[len(losses) :][:2])], dropout_keys(net.seed, net.updates, 1)[0]
            batch = f"epoch {self.epoch}, batch {self.batch + len(losses) + 1} of {self.batches}"
            place = batch if self.epoch else f"update {net.updates + 1}"  # of the network's life
            self.why_skipped = f"{place}: {explain(self, failed, int(key), failure, self._carried)}"
        if self.on_nan == "raise":
            raise TrainingError(self.why_skipped)
        return np.append(losses, np.nan)

    def _order(self) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of this epoch, batch after batch, and where the batches begin and end."""
        rows = self._rows
        if self.shuffle:
            rows = np.random.default_rng([self.net.seed, self.net.epochs]).permutation(rows)
        return rows, np.minimum(np.arange(self.batches + 1) * self.batch_size, len(rows))

    def _counts(self, rows: np.ndarray, borders: np.ndarray) -> np.ndarray:
        """What each batch counts in the epoch's loss."""
        if len(self.data.judged) > 1 or self.data.judged[0].alike:
            return np.diff(borders).astype(np.float64)
        return np.add.reduceat(self.data.judged[0].counts(rows), borders[:-1])

    def _mean(self, losses: np.ndarray, counts: np.ndarray) -> float:
        """The loss over all rows of some batches, 0 where none counts; a root is taken of the mean, not averaged."""
        root, total = self.data.root, counts.sum()
        losses = np.where(counts > 0, losses, 0.0)  # NaN of what was left out
        mean = float((counts * (losses**2 if root else losses)).sum() / total) if total else 0.0
        return float(np.sqrt(mean)) if root else mean

    def _validate(self, data: Examples) -> dict[str, float]:
        found = self._judge(data)
        if not np.isfinite(found["loss"]):
            raise TrainingError(
                f"epoch {self.epoch}: the validation loss is {found['loss']}, though the loss is {self.logs['loss']:g}"
                "; try a smaller learning rate, and look for extreme values in the validation data"
            )
        self._check_metrics(found, "validation")
        return {f"val_{name}": value for name, value in found.items()}

    def _check_metrics(self, found: Mapping[str, float], data: str) -> None:
        for name in found.keys() - {"loss"}:
            check_value(name, found[name], f"epoch {self.epoch}: ", f" of the {data} data", TrainingError)

    def _judge(self, data: Examples) -> dict[str, float]:
        """The loss and the metrics, in as little memory as training takes."""
        rows = self.batch_size if self.memory == "low" else max(self.batch_size, 256)
        return judge(self.net, data, rows, "low" if self.truncate else self.memory, self.metrics)

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)

    def _tell_of_batch(self) -> None:
        for callback in self._watchers:
            if self.net.updates % callback.every == 0:
                callback.on_batch_end(self)

    def _tell_the_end(self) -> None:
        """Tell every callback, also behind one that raises: weights are restored and the terminal is left in order."""
        with contextlib.ExitStack() as stack:
            for callback in reversed(self.callbacks):
                stack.callback(callback.on_train_end, self)

    def _check_stateful(self) -> None:
        if self.shuffle:
            raise OptionError("stateful training takes batches as they follow one another: give shuffle=False")
        weights = self.data.judged[0].weights if len(self.data.judged) == 1 else None
        if weights is not None and weights.ndim == 1 and not weights.all():
            raise OptionError("stateful training cannot leave rows out: give sample weights above 0")
        if len(self._rows) % self.batch_size:
            raise OptionError(
                f"stateful training needs batches of one size: {len(self._rows)} rows are no multiple of "
                f"batch_size={self.batch_size}"
            )
        counts = self._counts(*self._order())
        if not counts.all():
            raise OptionError(
                f"stateful training goes through every batch, and batch {int(np.argmin(counts)) + 1} has no step with "
                "a target and a weight above 0: take longer or larger batches"
            )


def dropout_keys(seed: int, first: int, count: int) -> np.ndarray:
    """Dropout's key of each update, from the network's seed and the update's number."""
    return _first_key(seed) + np.arange(first, first + count, dtype=np.uint64)


@functools.lru_cache(maxsize=64)
def _first_key(seed: int) -> np.uint64:
    return np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
