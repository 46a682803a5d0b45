"""Engines called with plain keywords: what belongs to the batch, and how it goes through time."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.engine.interface import Batch, Gradients, How, TrainResult, Updates

HOW = ("memory", "truncate")
BATCH = ("lengths", "weights", "states", "state_gradients", "key")


def parted(options: dict[str, Any]) -> tuple[dict[str, Any], How, dict[str, Any]]:
    """The options of a batch, how it goes through time, and those of the call."""
    how = How(**{k: v for k, v in options.items() if k in HOW})
    batch = {k: v for k, v in options.items() if k in BATCH}
    return batch, how, {k: v for k, v in options.items() if k not in (*HOW, *BATCH)}


def forward(engine: Any, parameters: np.ndarray, x: np.ndarray, **options: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    batch, how, rest = parted(options)
    (y,), states = engine.forward(parameters, Batch.of(x, **batch), how, **rest)
    return y, states


def gradients(engine: Any, parameters: np.ndarray, x: np.ndarray, target: np.ndarray, **options: Any) -> Gradients:
    batch, how, rest = parted(options)
    return engine.gradients(parameters, Batch.of(x, target, **batch), how, **rest)


def train(
    engine: Any, parameters: np.ndarray, x: np.ndarray, target: np.ndarray, *updates: Any, **options: Any
) -> TrainResult:
    batch, how, rest = parted(options)
    return engine.train(parameters, Batch.of(x, target, **batch), Updates(*updates, **rest), how)
