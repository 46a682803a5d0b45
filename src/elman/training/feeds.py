"""Feeds: datasets as a training takes them, whose rows become examples some batches at a time."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.data.datasets import Ahead, Asked, Dataset, Drawn
from elman.errors import ElmanError, OptionError, ShapeError, prefixed
from elman.training.ends import End, for_each
from elman.training.examples import Examples, examples, goals
from elman.training.losses import resolve_loss
from elman.training.parts import Part
from elman.training.protocol import Shares, Trainable
from elman.training.weighing import NothingCountsError, Weighting


@dataclass(frozen=True, eq=False)
class Feed:
    """A dataset, and what makes examples of its rows.

    Attributes
    ----------
    net : Trainable
    dataset : Dataset
    loss : str, Loss or function, or a tuple or dict of them
    weighting : Weighting
        Of classes and of what is missing; weights of rows are the dataset's.
    loss_weights : tuple or dict of float, optional
    origin : str
        What messages call it; empty for what is trained on.
    """

    net: Trainable
    dataset: Dataset
    loss: Any
    weighting: Weighting
    loss_weights: Shares = None
    origin: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.weighting.class_weight, str):
            raise OptionError(
                f"class_weight={self.weighting.class_weight!r} counts the classes of all rows, which are not there "
                f"at once: "
                "give a dict of weights"
            )

    @functools.cached_property
    def sample(self) -> Examples:
        """A few rows, which say what the others are like."""
        with self._named():
            self.dataset.begin()
            drawn = self.dataset.sample(self.asked)
        return self._examples(drawn, lenient=True)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Those of the sample, by name."""
        return self.sample.arrays

    @property
    def hashes(self) -> dict[str, Any]:
        """Those of the sample, by name."""
        return self.sample.hashes

    @functools.cached_property
    def asked(self) -> Asked:
        return Asked(1, epoch=self.net.epochs)

    def parts(self, asked: Asked, first: int = 0) -> Iterator[Part]:
        """The batches of an epoch from one on, checked, as a training takes them."""
        for drawn in self.dataset.draw(asked, first):
            yield self.part(drawn)

    def part(self, drawn: Drawn) -> Part:
        made = self._examples(drawn, lenient=self.dataset.batch_size is None)
        with self._named(), _told(drawn):
            _check_alike(made, self.sample)
        return Part(made, np.arange(len(made)), drawn.borders)

    def _examples(self, drawn: Drawn, lenient: bool) -> Examples:
        """What an engine takes; lenient where rows that do not count have been left out, or are to be."""
        raw = drawn.raw
        with self._named():
            if raw.target is None:
                raise OptionError(
                    f"{self.dataset!r} has no target: give one, as (x, target) in each batch, Rows(x, target), or "
                    "scan(files, inputs, target)"
                )
        weighting = replace(self.weighting, sample_weight=raw.sample_weight, lenient=lenient)
        with self._named(), _told(drawn):
            return examples(self.net, raw.x, raw.target, self.losses, raw.lengths, weighting, "", self.loss_weights)

    @functools.cached_property
    def losses(self) -> Any:
        """Made losses once, so that each batch has the same."""
        found = [resolve_loss(one) for one in for_each(self.loss, self.net.ends, "loss", alike=True)]
        return found[0] if len(found) == 1 else tuple(found)

    def pieces(self, batch_size: int) -> Iterator[tuple[Examples, list[slice]]]:
        """All rows in their order, and which of them are computed together: to judge what has been learnt."""
        asked = replace(self.asked, batch_size=batch_size, judging=True)
        with Ahead(self.parts(asked), self.dataset.ahead) as parts:
            for part in parts:
                count = len(part.examples)
                yield part.examples, [slice(k, min(k + batch_size, count)) for k in range(0, count, batch_size)]

    @functools.cached_property
    def counted(self) -> tuple[np.ndarray | None, bool]:
        """The rows that count, None for all; and whether what counts differs from row to row.

        Those of weight 0, or without a target, are left out of an epoch. Which these are is found before it begins, in
        a reading of targets and weights alone.
        """
        ends = self.net.ends
        drawn = self.dataset.goals(self.asked) if len(ends) == 1 and self._may_leave_out else None
        if drawn is None:
            return None, False
        found = [self._counts(ends[0], some) for some in drawn]
        counts = np.concatenate([of_rows for of_rows, _ in found])
        if not counts.any():
            raise NothingCountsError("no row has a target and a weight above 0: nothing is left to train on")
        weighted = any(weighs for _, weighs in found)
        return (None if (counts > 0).all() else np.flatnonzero(counts > 0)), weighted

    @property
    def _may_leave_out(self) -> bool:
        given = self.weighting
        return given.missing == "skip" or given.class_weight is not None or self.sample.judged[0].weights is not None

    def _counts(self, end: End, drawn: Drawn) -> tuple[np.ndarray, bool]:
        raw = drawn.raw
        weighting = replace(self.weighting, sample_weight=raw.sample_weight, lenient=True)
        with self._named(), _told(drawn):
            judged = goals(end, raw.target, self.losses, weighting, raw.lengths)
        return judged.counts(np.arange(len(judged.target))), judged.weights is not None

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Have errors say of which data they are."""
        try:
            yield
        except ElmanError as error:
            if not self.origin:
                raise
            raise prefixed(error, self.origin) from error


@contextmanager
def _told(drawn: Drawn) -> Iterator[None]:
    """Have errors of rows be told in terms of what the user gave."""
    try:
        yield
    except OptionError:  # of what was asked for, whatever the rows
        raise
    except ElmanError as error:
        raise drawn.told(error) from error


def _check_alike(made: Examples, first: Examples) -> None:
    """Refuse targets of another kind than those of the batch before."""
    for mine, known in zip(made.judged, first.judged, strict=True):
        if mine.width != known.width or mine.target.ndim != known.target.ndim:
            raise ShapeError(
                f"target has {mine.width} features{' of ' * bool(mine.name)}{mine.name}, and {known.width} in the "
                f"first "
                "batch; expected the same in each"
            )


def check_own_batches(dataset: Dataset, batch_size: Any, shuffle: Any = None) -> None:
    """Refuse a size and an order of batches where the dataset's are as they come."""
    if dataset.batch_size is None:
        return
    if batch_size is not None:
        raise OptionError(f"batch_size={batch_size!r} with batches, which come as they are: leave it out")
    if shuffle:
        raise OptionError("shuffle=True with batches, which come in an order of their own: leave it out")
