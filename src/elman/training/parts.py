"""Parts: some batches of an epoch, whose rows are in memory together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.training.examples import Examples


@dataclass(frozen=True, eq=False)
class Part:
    """Some batches that follow one another in an epoch.

    Attributes
    ----------
    examples : Examples
        What the rows of its batches are rows of, and maybe others.
    rows : array of int (n,)
        Their numbers, batch after batch.
    borders : array of int (K + 1,)
        Where each of its K batches begins in `rows`, and where the last one ends; the first is 0.
    """

    examples: Examples
    rows: np.ndarray
    borders: np.ndarray

    def __len__(self) -> int:
        """How many batches K there are."""
        return len(self.borders) - 1

    def behind(self, batches: int) -> Part:
        """What is left behind so many of its batches."""
        return Part(self.examples, self.rows[self.borders[batches] :], self.borders[batches:] - self.borders[batches])

    def some(self, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Batches `first` to `end` as an engine takes them: their rows, and borders in these."""
        return self.rows[self.borders[first] : self.borders[end]], self.borders[first : end + 1] - self.borders[first]
