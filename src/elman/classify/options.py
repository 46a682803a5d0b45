"""Parameters of the estimators of sequences by name, for type checkers; a test compares them with the constructors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from elman.equations import Cell
from elman.training.schedules import Rate

Pooling = str | Sequence[str]
RandomState = int | np.random.RandomState | np.random.Generator | None


class EstimatorOptions(TypedDict, total=False):
    """What both estimators have; all but the order of axes, which functions that hand parameters on name."""

    cell: str | Cell
    units: int
    layers: int
    bidirectional: bool
    pooling: Pooling
    convolution: str | None
    filters: int
    dropout: float
    members: int
    epochs: int | None
    batch_size: int | None
    learning_rate: Rate
    weight_decay: float
    validation: float
    patience: int | None
    random_state: RandomState
    threads: int | None
    verbose: int


class ClassifierOptions(EstimatorOptions, total=False):
    """Parameters of a `SequenceClassifier` by name."""

    class_weight: Mapping[Any, float] | str | None
    label_smoothing: float


class RegressorOptions(EstimatorOptions, total=False):
    """Parameters of a `SequenceRegressor` by name."""

    loss: str


class ClassifierParameters(ClassifierOptions, total=False):
    """All of them."""

    channels: str


class RegressorParameters(RegressorOptions, total=False):
    """All of them."""

    channels: str
