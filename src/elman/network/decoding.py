"""Decoding: which index comes next, drawn or searched for, until a row ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from elman.engine.generation import Drawing, check_finite
from elman.network.fed_back import Fed
from elman.network.repetition import Repetition


class Generated(NamedTuple):
    """What `generate` made.

    Attributes
    ----------
    values : ndarray, shape (B, steps) of indices, (B, steps, F) of values
        Behind a row's end the stop index.
    lengths : ndarray of int, shape (B,)
        How many come before a row's stop index.
    scores : ndarray of float, shape (B,), or None
        The logarithm of the probability that the network gives each row, its stop index included; None of values.
    """

    values: np.ndarray
    lengths: np.ndarray
    scores: np.ndarray | None


@dataclass(frozen=True)
class Classes:
    """How outputs are read, and indices fed back.

    Attributes
    ----------
    count : int
        V.
    one_hot : bool
        Whether an index is fed back as a vector of V values.
    shares : bool
        Whether outputs are probabilities already, and not logits.
    dtype : dtype
        Of inputs that are no index.
    """

    count: int
    one_hot: bool
    shares: bool
    dtype: np.dtype

    def logits(self, output: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(output) if self.shares else output

    def fed(self, indices: np.ndarray) -> np.ndarray:
        """Indices (B,) as an input (B, 1, F)."""
        return np.eye(self.count, dtype=self.dtype)[indices][:, None] if self.one_hot else indices[:, None, None]


def feed_values(begun: tuple[Fed, np.ndarray], steps: int) -> Generated:
    """Feed outputs back as they are, of rows that have begun."""
    rows, output = begun
    made = np.empty((len(output), steps, output.shape[1]), output.dtype)
    for t in range(steps):
        check_finite(output, t)
        made[:, t] = output
        if t + 1 < steps:
            output = rows.step(output[:, None])
    return Generated(made, np.full(len(made), steps), None)


def draw(
    begun: tuple[Fed, np.ndarray],
    steps: int,
    classes: Classes,
    drawing: Drawing,
    stop: int | None,
    repetition: Repetition | None = None,
    before: np.ndarray | None = None,
) -> Generated:
    """Draw one index after the other, of rows that have begun, with the indices (B, n) that came `before`."""
    rows, output = begun
    count = len(output)
    before = np.empty((count, 0), np.int64) if before is None else before
    made = np.full((count, steps), 0 if stop is None else stop)
    lengths, scores, open_ = np.full(count, steps), np.zeros(count), np.ones(count, bool)
    for t in range(steps):
        check_finite(output[open_], t)
        logits = classes.logits(output)
        told = logits if repetition is None else repetition.of(logits, np.concatenate([before, made[:, :t]], axis=1))
        chosen = drawing.draw(told, t)
        scores[open_] += log_shares(logits[open_])[np.arange(open_.sum()), chosen[open_]]
        made[open_, t] = chosen[open_]
        lengths[open_ & (chosen == stop)] = t
        open_ &= chosen != stop
        if t + 1 == steps or not open_.any():
            break
        output = rows.step(classes.fed(chosen))
    return Generated(made, lengths, scores)


def log_shares(logits: np.ndarray) -> np.ndarray:
    """The logarithms of the softmax over the last axis, in float64."""
    away = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return away - np.log(np.exp(away).sum(-1, keepdims=True))
