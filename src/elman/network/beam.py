"""Beam search: the likeliest sequence among those whose beginnings were likely all along."""

from __future__ import annotations

import numpy as np

from elman.engine.generation import check_finite
from elman.errors import OptionError
from elman.network.decoding import Classes, Generated, log_shares
from elman.network.fed_back import Fed


def search(
    begun: tuple[Fed, np.ndarray], steps: int, classes: Classes, width: int, penalty: float, stop: int | None
) -> Generated:
    """The likeliest sequences of rows that have begun, with their output (B, V)."""
    fed, output = begun
    try:
        beam = Beam(len(output), steps, classes, width, penalty, stop)
    except (MemoryError, ValueError) as error:  # NumPy's words for a number that no array can have
        raise OptionError(f"there is no memory for a beam of {width}: take a narrower one") from error
    return beam.search(fed, output)


class Beam:
    """The `width` likeliest beginnings of each row, and the best of those that have ended.

    A beginning that ends is done if it is among the `width` likeliest continuations of its row. A row is done when so
    many are, or when none that goes on can become better than the best. What counts is the logarithm of the probability
    divided by ``length ** penalty``, the stop index included in the length.
    """

    def __init__(self, rows: int, steps: int, classes: Classes, width: int, penalty: float, stop: int | None):
        self.classes: Classes = classes
        self.width: int = width
        self.penalty: float = penalty
        self.stop: int | None = stop
        self.steps: int = steps
        self.totals = np.full((rows, width), -np.inf)  # of those that go on
        self.totals[:, 0] = 0
        self.paths = np.zeros((rows, width, steps), np.int64)
        self.best = Generated(np.zeros((rows, steps), np.int64), np.full(rows, steps), np.full(rows, -np.inf))
        self.marks = np.full(rows, -np.inf)  # of the best
        self.ended = np.zeros(rows, np.int64)
        self.open = np.ones(rows, bool)

    def search(self, fed: Fed, output: np.ndarray) -> Generated:
        """All steps, of rows that have come to an output (B, V)."""
        fed.spread(self.width)
        output = output.repeat(self.width, axis=0)
        for t in range(self.steps):
            check_finite(output[self.open.repeat(self.width)], t)
            sources, chosen = self._extend(output, t)
            if t + 1 == self.steps or not self.open.any():
                break
            fed.go_on_from(sources)
            output = fed.step(self.classes.fed(chosen))
        self._take(self.open, self.paths, self.totals, self.steps, self.steps)
        return self.best

    def _extend(self, output: np.ndarray, t: int) -> tuple[np.ndarray, np.ndarray]:
        """Go on with one more index: which beginnings each goes on from, and the index, of all rows."""
        rows, width = self.totals.shape
        shares = log_shares(self.classes.logits(output)).reshape(rows, width, -1)
        together = (self.totals[:, :, None] + shares).reshape(rows, -1)
        order = np.argsort(-together, axis=1, kind="stable")[:, : 2 * width]
        totals, (parents, chosen) = _at(together, order), np.divmod(order, self.classes.count)
        paths = self.paths[np.arange(rows)[:, None], parents]
        paths[:, :, t] = chosen
        self._end(paths, totals, chosen == self.stop, t)
        kept = np.argsort(chosen == self.stop, axis=1, kind="stable")[:, :width]
        self.totals = np.where(_at(chosen, kept) == self.stop, -np.inf, _at(totals, kept))
        self.paths = paths[np.arange(rows)[:, None], kept]
        self._close()
        return (_at(parents, kept) + width * np.arange(rows)[:, None]).ravel(), _at(chosen, kept).ravel()

    def _end(self, paths: np.ndarray, totals: np.ndarray, ends: np.ndarray, t: int) -> None:
        """Note those that end here, of continuations in the order of their totals."""
        found = ends & np.isfinite(totals) & self.open[:, None]
        found[:, self.width :] = False
        self.ended += found.sum(axis=1)
        self._take(self.open, paths, np.where(found, totals, -np.inf), t, t + 1)

    def _take(self, rows: np.ndarray, paths: np.ndarray, totals: np.ndarray, length: int, counted: int) -> None:
        """Have the likeliest of some rows' sequences where they are better than the best so far."""
        which = totals.argmax(axis=1)[:, None]
        marks = _at(totals, which)[:, 0] / counted**self.penalty
        better = np.flatnonzero(rows & (marks > self.marks))
        self.marks[better] = marks[better]
        values, lengths, scores = self.best
        values[better] = paths[better, which[better, 0]]
        values[better, length:] = 0 if self.stop is None else self.stop
        lengths[better] = length
        assert scores is not None
        scores[better] = totals[better, which[better, 0]]

    def _close(self) -> None:
        """Find the rows that are done."""
        reachable = self.totals.max(axis=1) / self.steps**self.penalty
        self.open &= (self.ended < self.width) & (self.marks < reachable)


def _at(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, columns, axis=1)
