"""The loss of what a library without training gives, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def outputs_loss(name: str, target: np.ndarray) -> Callable[[Sequence[Any]], float]:
    """The mean loss of the outputs (B, O) of several calls, beside the target (N, O) or classes (N,)."""
    return lambda outputs: mean_loss(name, outputs, target)


def mean_loss(name: str, outputs: Sequence[Any], target: np.ndarray) -> float:
    """The mean over all rows: outputs (B, O) of each call, target (N, O) or classes (N,)."""
    y = np.concatenate([np.asarray(each) for each in outputs])
    if name == "mse":
        return float(np.mean((y - target) ** 2))
    shifted = y - y.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.mean(logs[np.arange(len(y)), target]))
