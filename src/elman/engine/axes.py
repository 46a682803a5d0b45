"""Axes: which rows of a batch are in use at which steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.engine.segments import Segment


@dataclass
class Axis:
    """The rows of a batch on one time axis, sorted by falling length.

    Attributes
    ----------
    steps : int
        Of this run.
    order : array (B,)
        The batch's row at each position.
    whole : array (B,)
        How many steps the row at each position has.
    firsts, lengths : array (B,)
        The first of them that lies in this run, and how many do.
    """

    steps: int
    order: np.ndarray
    whole: np.ndarray
    firsts: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, B: int, T: int, lengths: np.ndarray | None, segment: Segment) -> Axis:
        whole = np.full(B, T) if lengths is None else lengths
        order = np.argsort(-whole, kind="stable")
        return cls(segment.steps, order, whole[order], *segment.spans(whole[order], T))

    @classmethod
    def once(cls, B: int, ends: bool) -> Axis:
        """That of what has one step, which belongs to the last segment; rows lie as in the batch."""
        return cls(1, np.arange(B), np.ones(B, int), np.zeros(B, int), np.full(B, int(ends)))

    def active(self, t: int) -> int:
        """How many rows are still in use at step t."""
        return int(np.count_nonzero(self.lengths > t))

    def unsorted(self, rows: np.ndarray) -> np.ndarray:
        out = np.empty_like(rows)
        out[self.order] = rows
        return out
