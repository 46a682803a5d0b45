"""The data of the workloads, drawn with a fixed seed.

Letters in shapes: N rows, T steps, F features, O outputs.
"""

from __future__ import annotations

import numpy as np


def waves(n: int, steps: int, features: int, outputs: int, every_step: bool) -> tuple[np.ndarray, np.ndarray]:
    """Noisy waves (N, T, F), and their next values: (N, T, O) at every step, or (N, O) after the last."""
    random = np.random.default_rng(0)
    start, pitch = random.uniform(0, 6, (n, 1, 1)), random.uniform(0.1, 0.5, (n, 1, 1))
    noise = random.normal(0, 0.05, (n, steps + 1, max(features, outputs)))
    values = (np.sin(start + pitch * np.arange(steps + 1)[:, None]) + noise).astype(np.float32)
    target = values[:, 1:, :outputs]
    return values[:, :-1, :features].copy(), (target if every_step else target[:, -1]).copy()


def patterns(n: int, steps: int, features: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy patterns (N, T, F), one for each class, and their classes (N,)."""
    random = np.random.default_rng(0)
    pure = random.normal(size=(classes, steps, features))
    target = random.integers(0, classes, n)
    return (pure[target] + random.normal(0, 6, (n, steps, features))).astype(np.float32), target


def text(n: int, steps: int, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """Characters (N, T) that depend on the one before, and the ones that follow them."""
    random = np.random.default_rng(0)
    likely = random.integers(0, vocabulary, (vocabulary, 4))
    found = np.empty((n, steps + 1), np.int64)
    found[:, 0] = random.integers(0, vocabulary, n)
    for t in range(steps):
        found[:, t + 1] = likely[found[:, t], random.integers(0, 4, n)]
    return found[:, :-1].copy(), found[:, 1:].copy()


def reversals(n: int, steps: int, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """Texts (N, T), and the same from the last character to the first."""
    source, _ = text(n, steps, vocabulary)
    return source, source[:, ::-1].copy()


def before(target: np.ndarray) -> np.ndarray:
    """What stands before each step of a text (N, T): class 0 before the first."""
    return np.pad(target[:, :-1], ((0, 0), (1, 0)))


def lengths(n: int, longest: int) -> np.ndarray:
    """Steps in use of each row (N,): 10 to `longest`, mean 120, most of them short."""
    drawn = 10 + np.random.default_rng(1).exponential(110, n)
    return np.clip(drawn * (120 / drawn.mean()), 10, longest).round().astype(np.int64)
