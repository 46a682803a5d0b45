"""The face of an estimator of sequences: what the modules that serve it know of one, so that none has to import it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np

from elman.classify.scaling import Scaling
from elman.data.cases import Cases
from elman.data.reading import Reading
from elman.network import Network


class Learner(Protocol):
    """A `SequenceClassifier` or `SequenceRegressor`."""

    cell: Any
    learning_rate: Any
    random_state: Any
    threads: int | None
    networks_: list[Network]
    scaling_: Scaling
    notes_: tuple[str, ...]
    _columns: dict[str, Any]

    def get_params(self, deep: bool = True) -> dict[str, Any]: ...

    def _set_params(self, params: Mapping[str, Any]) -> Self: ...

    def check_params(self) -> None: ...

    def _learnt(self) -> dict[str, Any]: ...

    def _restore(self, learnt: dict[str, Any]) -> None: ...

    def _read(self, X: Any, reading: Reading | None = None) -> Cases: ...

    def _judged(self, outputs: np.ndarray) -> np.ndarray: ...
