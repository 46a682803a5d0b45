"""The training loop: batches in an order of their own for each epoch, given to the engine some at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.engine import arrays
from elman.errors import OptionError, TrainingError
from elman.training.alike import what_is_learnt
from elman.training.carried import check_even, check_in_order
from elman.training.history import History
from elman.training.judging import Judging
from elman.training.keeper import Keeper
from elman.training.keys import dropout_keys
from elman.training.moments import estimate_moments
from elman.training.notes import note
from elman.training.parts import Part
from elman.training.scopes import Place
from elman.training.standing import Standing


@dataclass(eq=False)
class Loop(Judging):
    """Trains.

    Attributes
    ----------
    place : Place or None
        Where its checkpoints are.
    inside : bool
        Whether an epoch has begun and is not in the history yet.
    epoch_losses, counted : ndarray (batches,)
        Of this epoch: the loss of each batch, and what it counts.
    started : float
        When this epoch began, by `time.perf_counter`.
    epochs_before : int
        Those of the network's life when it began.
    """

    place: Place | None = field(default=None, kw_only=True)
    inside: bool = field(default=False, init=False)
    counted: np.ndarray = field(default_factory=lambda: np.zeros(0), init=False)
    started: float = field(default=0.0, init=False)
    epochs_before: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._rows = self._rows_that_count()
        self.batches = -(-len(self._rows) // self.batch_size)
        if self.stateful:
            self._check_stateful()
        self._prepare()
        self._keeper = Keeper(self.place)
        self.resumed = self._keeper.may_go_on()
        self._watchers = [c for c in self.callbacks if c.watches_batches]

    def __repr__(self) -> str:
        return f"<Training of {self.net!r}: epoch {self.epoch} of {self.epochs}, batch {self.batch} of {self.batches}>"

    def run(self) -> History:
        """Train until the last epoch, or until a callback stops it; from where it stood, if it is to go on."""
        with self._keeper.open():
            stood = self._stood()
            self.resumed = stood is not None
            self.check_callbacks()
            self.net.history = self.history
            self._tell("on_train_begin")
            try:
                self._train(stood)
                self._keeper.end(self)
                if not self.optimizer.averaged_in:  # stopped within an epoch
                    self._average_in()  # behind what is kept: a training that goes on does so with its own weights
            except KeyboardInterrupt as error:
                self.interrupted = True
                self._keeper.end(self, error)
                raise
            except BaseException as error:
                self.failed = True
                self._keeper.end(self, error)
                raise
            finally:
                self._tell_the_end()
        self._note_what_came()
        return self.history

    def _note_what_came(self) -> None:
        """Say what a user may take for granted, and did not come to be."""
        optimizer = self.optimizer
        if optimizer.average_to_come:
            note(
                f"{optimizer.average!r} has begun with none of {optimizer.updates} updates: the weights are no average "
                "yet. Give an earlier start, or train longer"
            )
        if self.skipped:
            note(
                f"{self.skipped} of {self.batches * self.history.epochs} batches were left out (on_nan='skip'). The "
                f"first that was: {self.why_skipped}"
            )

    def _stood(self) -> Standing | None:
        """Where the training is to go on."""
        return self._keeper.found(self)

    def _train(self, stood: Standing | None) -> None:
        self._keeper.begin(self)
        if stood is not None:
            self._go_on(stood)
        else:
            self._keeper.first(self)
        while self.epoch < self.epochs and not self.stop:
            self._epoch(self.epoch + 1)

    def _go_on(self, stood: Standing) -> None:
        """Train to the end of the epoch in which the training stood.

        Callbacks are told of its beginning as they were then; whatever they change is put right behind that.
        """
        if stood.said["inside"]:
            self._begin_epoch(stood.said["epoch"], again=True)
        self._keeper.go_on(self, stood)
        if self.inside and not self.stop:
            self.logs = {"loss": self._loss_so_far()} if self.batch else {}
            self._rest_of_epoch()

    def check_callbacks(self) -> None:
        """Raise what callbacks have against this training, before it begins."""
        self._tell("check")

    def update(self) -> float:
        """One update with all rows; the loss before it."""
        self.optimizer.average_out(self.net)
        batch = self._rows, np.array([0, len(self._rows)])
        return float(self._updates(batch, self._scalars(1))[0])

    # --- one epoch ------------------------------------------------------------------------------------------

    def _epoch(self, number: int) -> None:
        try:
            self._begin_epoch(number)
        except BaseException:  # a callback's: the epoch has not begun
            self.epoch, self.inside = number - 1, False
            raise
        self._rest_of_epoch()

    def _begin_epoch(self, number: int, *, again: bool = False) -> None:
        self.started, self.epochs_before = time.perf_counter(), self.net.epochs
        self.epoch, self.batch, self.logs, self.inside = number, 0, {}, True
        self.optimizer.average_out(self.net)
        self.epoch_losses, self.counted = np.zeros(self.batches), np.zeros(self.batches)
        self.gradient_norms = np.full(self.batches if self.wants_norms else 0, np.nan)
        if self.stateful:
            self.carried = self._zeros()
        self._keeper.whole = False
        if not again:
            self._keeper.before_telling(self)
        self._tell("on_epoch_begin")
        self._keeper.whole = not again

    def _rest_of_epoch(self) -> None:
        self._all_batches()
        if self.batch < self.batches:  # stopped by a callback
            return
        self._keeper.whole = True
        if self.on_nan == "skip":
            self._count_skipped()
        self._average_in()
        with self._keeper.at_once():
            self.logs |= self._judged()
        rate = self.optimizer.rate(self.optimizer.updates - 1)
        self.logs |= {"learning_rate": rate, "seconds": time.perf_counter() - self.started}
        self._keeper.before_telling(self)
        self.net.epochs += 1
        self._tell("on_epoch_end")
        self.history.append(self.logs)
        self.skipped += int(self.logs.get("skipped", 0))
        self.inside = False
        self._look()

    def _look(self) -> None:
        """Where nothing is half done: end if that is wanted, and write a checkpoint that is due."""
        self._keeper.look(self)

    def _count_skipped(self) -> None:
        skipped = int(np.isnan(self.epoch_losses).sum())
        self.logs["skipped"] = skipped
        if skipped == self.batches:
            raise TrainingError(
                f"epoch {self.epoch}: all of its {skipped} batches were left out (on_nan='skip'), so nothing was "
                f"learnt. The first that was: {self.why_skipped}"
            )

    def _all_batches(self) -> None:
        if self.batch == self.batches:  # a training that goes on behind the last one
            return
        self.optimizer.average_out(self.net)
        for part in self._parts(self.batch):
            self.data = part.examples
            self._train_on(part)
            if self.stop:
                break

    def _zeros(self) -> list[np.ndarray]:
        """The states with which an epoch begins."""
        return arrays.zeros(self._engine.plan.given_states, self.batch_size, self.net.dtype)

    def _parts(self, first: int) -> Iterator[Part]:
        """The batches of this epoch from one on, as many at a time as are in memory."""
        yield Part(self.data, *self._order()).behind(first)

    def _train_on(self, part: Part) -> None:
        began, end = self.batch, self.batch + len(part)
        self.counted[began:end] = self._counts(part.rows, part.borders)
        self._look_again()
        scalars, known = self._scalars(len(part)), began
        while self.batch < end and not self.stop:
            first, last = self.batch, min(end, self.batch + self._unwatched())
            if self._watchers:  # a callback may have changed the learning rate, or frozen something
                self._look_again()
                scalars, known = self._scalars(last - first), first
            self._keeper.whole = False
            self._before_updates()
            found = self._updates(part.some(first - began, last - began), scalars[first - known : last - known])
            self._record(found)
            if (left_out := np.isnan(found)).any():  # which is no update
                scalars, known = self._scalars(end - self.batch), self.batch
            self.logs["loss"] = self._loss_so_far()
            if not left_out.all():
                self._tell_of_batch()
            self._keeper.whole = True
            self._tell("on_progress")
            self._look()

    def _record(self, losses: np.ndarray) -> None:
        """The losses of the next batches of this epoch; NaN of one that was left out, which does not count."""
        first, self.batch = self.batch, self.batch + len(losses)
        self.epoch_losses[first : self.batch] = losses
        self.counted[first : self.batch][np.isnan(losses)] = 0

    def _loss_so_far(self) -> float:
        """The mean loss of the batches of this epoch."""
        return self._mean(self.epoch_losses[: self.batch], self.counted[: self.batch])

    def _before_updates(self) -> None:
        """Before each call of the engine."""

    def _rows_that_count(self) -> np.ndarray:
        """The rows of an epoch, without those of weight 0."""
        weights = self.data.judged[0].weights if len(self.data.judged) == 1 else None
        rows = np.arange(len(self.data))
        return rows if weights is None or self.stateful else rows[self.data.judged[0].counts(rows) > 0]

    def _average_in(self) -> None:
        """Have the averaged weights in place, where the optimiser keeps an average, with moments of their own."""
        average, meetings = self.optimizer.average, self._engine.plan.meetings
        if average is not None and average.applied:
            self.optimizer.average_in(self.net, self._estimate_moments if meetings else None)

    def _estimate_moments(self) -> None:
        carried = self._zeros() if self.stateful else None
        keys = dropout_keys(self.net.seed, self.net.updates, self.batches)
        with self._keeper.at_once():
            estimate_moments(self.net, self._engine, self._parts(0), keys, self.how, carried)

    def _unwatched(self) -> int:
        """How many updates can be done before a callback must be told, or a checkpoint is due."""
        done, left = self.net.updates, self._keeper.left(self.net.updates)
        watched = [c.every - done % c.every for c in self._watchers]
        return min(watched + ([] if left is None else [left]), default=self.batches)

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

    def learnt(self) -> dict[str, Any]:
        """What is learnt and what judges that, by name, to be compared with another training."""
        judging = {} if self.validation is None else what_is_learnt(self.validation)
        return what_is_learnt(self.data) | {f"{name} of the validation data": a for name, a in judging.items()}

    def _stay_before(self, losses: np.ndarray) -> None:
        if self.inside:
            self._record(losses)
            self._keeper.whole = True

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
        check_in_order(self.shuffle)
        weights = self.data.judged[0].weights if len(self.data.judged) == 1 else None
        if weights is not None and weights.ndim == 1 and not weights.all():
            raise OptionError("stateful training cannot leave rows out: give sample weights above 0")
        check_even(len(self._rows), self.batch_size)
        counts = self._counts(*self._order())
        if not counts.all():
            raise OptionError(
                f"stateful training goes through every batch, and batch {int(np.argmin(counts)) + 1} has no step with "
                "a target and a weight above 0: take longer or larger batches"
            )
