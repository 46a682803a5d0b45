"""Outputs fed back as inputs: how classes are drawn from logits, and the loop of steps as NumPy does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from elman.engine.masks import GOLDEN, mix
from elman.errors import DataError


@dataclass(frozen=True)
class Drawing:
    """How the next class is drawn, with an output as logits.

    Attributes
    ----------
    temperature : float
        What logits are divided by; 0 for the likeliest class.
    top_k : int
        That many of the likeliest classes are left.
    top_p : float
        And of these the fewest that together are so likely.
    key : int
        What is drawn depends on it, the step and the row only.
    """

    temperature: float
    top_k: int
    top_p: float
    key: int

    def draw(self, logits: np.ndarray, step: int) -> np.ndarray:
        """A class for each row of logits (B, V)."""
        if self.temperature == 0:
            return logits.argmax(axis=1)
        places = uniform(self.key, step, np.arange(len(logits)))
        return np.array([at(self.weights(row), place) for row, place in zip(logits, places, strict=True)])

    def weights(self, logits: np.ndarray) -> np.ndarray:
        """What the probabilities of classes (V,) are proportional to."""
        wide = logits.astype(np.float64)
        weights = np.exp((wide - wide.max()) / self.temperature)
        if self.top_k < len(weights) or self.top_p < 1:
            order = np.argsort(-wide, kind="stable")
            together = weights[order[: self.top_k]].cumsum()
            kept = 1 + int(np.count_nonzero(together[:-1] < self.top_p * together[-1]))
            weights[order[kept:]] = 0
        return weights


def uniform(key: int, step: int, rows: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1), functions of their arguments only."""
    with np.errstate(over="ignore"):
        k = mix(mix(np.array([key], np.uint64) + GOLDEN) + np.uint64(step) * GOLDEN)
        bits = mix(k + rows.astype(np.uint64) * GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


def at(weights: np.ndarray, place: float) -> int:
    """The class in whose share of the sum of weights a place in [0, 1) lies."""
    sums = weights.cumsum()
    return int(min(np.searchsorted(sums, place * sums[-1], side="right"), np.flatnonzero(weights)[-1]))


def feed_back(
    run: Callable[..., tuple[np.ndarray, list[np.ndarray]]],
    window: np.ndarray,
    states: list[np.ndarray] | None,
    output: np.ndarray,
    steps: int,
    drawing: Drawing | None,
) -> np.ndarray:
    """The values (B, steps, F) that a forward run of `window` (B, W, F) makes; see the native engine's `generate`."""
    out = np.empty((len(window), steps, window.shape[2]), window.dtype)
    for t in range(steps):
        y = output.reshape(len(window), -1)
        check_finite(y, t)
        out[:, t] = y if drawing is None else drawing.draw(y, t)[:, None]
        window[:, :-1] = window[:, 1:].copy()
        window[:, -1] = out[:, t]
        if t + 1 < steps:
            with np.errstate(all="ignore"):  # what is not finite is found and explained
                output, finals = run(window, states=states)
            states = None if states is None else finals
    return out


def check_finite(y: np.ndarray, step: int) -> None:
    """`DataError` unless an output (B, O) is finite."""
    wrong = np.argwhere(~np.isfinite(y))
    if len(wrong):
        row, value = wrong[0][0], y[tuple(wrong[0])]
        raise DataError(f"output[{row}, {step}] has become {value:g}: what was fed back has grown without bound")
