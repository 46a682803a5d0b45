"""Training from datasets: batches are read, checked and converted on a thread of their own, ahead of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.data.datasets import Ahead, Asked, Batches, Dataset, Ragged, Rows, dataset_of
from elman.errors import OptionError, prefixed
from elman.training.carried import check_even, check_in_order
from elman.training.examples import Examples, validation_examples
from elman.training.feeds import Feed
from elman.training.loop import Loop
from elman.training.notes import note
from elman.training.parts import Part
from elman.training.standing import Standing
from elman.training.weighing import Weighting


@dataclass(eq=False)
class DatasetLoop(Loop):
    """Trains on a dataset.

    Attributes
    ----------
    feed : Feed
        What `data`, the examples of some rows at a time, comes from.
    """

    feed: Feed = field(init=False)
    _beside: bool = field(default=False, init=False)  # whether it goes through the data beside its epochs

    def __post_init__(self) -> None:
        self.feed, self.data = self.data, self.data.sample  # type: ignore[assignment, attr-defined]
        dataset = self.feed.dataset
        if dataset.batch_size is not None:
            self.batch_size = dataset.batch_size or len(self.data)
        self._check_own()
        super().__post_init__()
        self._check_again()
        self.batches = dataset.batches(self._asked())

    def _check_own(self) -> None:
        if self.feed.dataset.batch_size is not None and self.accumulate > 1:
            raise OptionError(
                f"accumulate={self.accumulate} puts batches together, and those of an iterator are trained on as they "
                "come: have it give larger ones, or leave accumulate out"
            )

    def _check_again(self) -> None:
        """Refuse an iterator, which can be gone through once, where the training data are needed once more."""
        averaged = self.optimizer.average is not None and self._engine.plan.meetings
        needed = "metrics of the training data" if self.metrics else "averaged weights with batch normalisation"
        if not self.feed.dataset.again and (self.metrics or averaged):
            raise OptionError(
                f"{needed} need all batches once more after an epoch, and an iterator can be gone through once: give a "
                "function that returns one, or leave them out"
            )

    def _asked(self) -> Asked:
        rows, turn = None if self.stateful else self.feed.counted[0], max(self.epoch - 1, 0)
        beside = {"judging": self._beside}
        return Asked(self.batch_size, self.shuffle, self.net.seed, self.net.epochs, turn, rows, **beside)

    def _estimate_moments(self) -> None:
        self._beside = True
        try:
            super()._estimate_moments()
        finally:
            self._beside = False

    def _go_on(self, stood: Standing) -> None:
        name = self.feed.dataset.own_state if isinstance(self.feed.dataset, Batches) else ""
        if name:
            note(
                f"{name} has a state_dict, which checkpoints do not hold: it is gone through from its beginning, and "
                "what was trained on is dropped. The numbers are the same if it gives the same batches again; do not "
                "call its load_state_dict before"
            )
        super()._go_on(stood)

    def learnt(self) -> dict[str, Any]:
        return super().learnt() | {"batches of an epoch": self.batches}

    def _rows_that_count(self) -> np.ndarray:
        return np.arange(self.feed.dataset.batches(self._asked()) * self.batch_size)

    def _parts(self, first: int) -> Iterator[Part]:
        with Ahead(self._checked(self.feed.parts(self._asked(), first)), self.feed.dataset.ahead) as parts:
            yield from parts

    def _checked(self, parts: Iterator[Part]) -> Iterator[Part]:
        """What an engine and states that are carried along have against some batches."""
        for part in parts:
            self._engine.check_indices(part.examples.batch)
            if self.stateful:
                self._check_carried(part)
            yield part

    def _counts(self, rows: np.ndarray, borders: np.ndarray) -> np.ndarray:
        if len(self.data.judged) > 1 or not (self.feed.dataset.batch_size == 0 or self.feed.counted[1]):
            return super()._counts(rows, borders)
        return np.add.reduceat(self.data.judged[0].totals(rows), borders[:-1])  # steps: batches differ in them

    def _judge(self, data: Any) -> dict[str, float]:
        return super()._judge(self.feed if data is self.data else data)

    # --- states that are carried along -----------------------------------------------------------------------

    def _check_stateful(self) -> None:
        check_in_order(self.shuffle)
        if isinstance(self.feed.dataset, Rows):
            check_even(len(self.feed.dataset), self.batch_size)

    def _check_carried(self, part: Part) -> None:
        sizes = np.diff(part.borders)
        if (sizes != self.batch_size).any():
            raise OptionError(
                f"stateful training needs batches of one size: one has {sizes[sizes != self.batch_size][0]} rows, the "
                f"first {self.batch_size}"
            )
        for judged in part.examples.judged:
            if not np.add.reduceat(judged.counts(part.rows), part.borders[:-1]).all():
                raise OptionError(
                    "stateful training goes through every batch, and one has no step with a target and a weight "
                    "above 0: "
                    "take longer or larger batches"
                )


__all__ = ["Batches", "Dataset", "DatasetLoop", "Ragged", "Rows", "dataset_of", "validation_feed"]


def validation_feed(
    net: Any, data: Any, steps: int | None, loss: Any, lengths: Any, missing: str, loss_weights: Any
) -> Examples | Feed | None:
    """Examples of ``(x, target)`` or ``(x, target, sample_weight)``, or a feed of a dataset; None of None."""
    if data is None or (isinstance(data, tuple | list) and len(data) in (2, 3)):
        if steps is not None:
            raise OptionError("validation_steps goes with validation_data that gives batches; leave it out")
        parts = () if data is None else data
        dataset = None
        if data is not None:
            weight = parts[2] if len(parts) == 3 else None
            dataset = dataset_of(parts[0], parts[1], lengths=lengths, sample_weight=weight)
        if dataset is None:
            return validation_examples(net, data, loss, lengths, missing, loss_weights)
    else:
        dataset = _alone(data, steps, lengths)
    feed = Feed(net, dataset, loss, Weighting(missing=missing), loss_weights, "validation_data")
    if not dataset.again:
        raise OptionError(
            "validation_data is an iterator, which can be gone through once, and it is judged by after each epoch: "
            "give a "
            "function that returns one"
        )
    return feed


def _alone(data: Any, steps: int | None, lengths: Any) -> Dataset:
    if hasattr(data, "shape") or isinstance(data, Mapping | tuple):
        raise OptionError("validation_data must be (x, target) or (x, target, sample_weight), a dataset, or batches")
    if lengths is not None:
        raise OptionError("validation_lengths goes with validation_data=(x, target); a dataset has its own")
    try:
        found = dataset_of(data, None, steps=steps, called="validation_steps")
    except OptionError as error:
        raise prefixed(error, "validation_data") from error
    assert found is not None
    return found
