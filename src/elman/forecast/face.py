"""The face of a forecaster: what backtests and files know of one, so that they need not import it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, Self

import numpy as np

from elman.forecast.anchor import Anchor
from elman.forecast.rollout import View
from elman.network import Network
from elman.training import Callback


class Forecasts(Protocol):
    """A forecaster; `elman.forecast.forecaster.Forecaster` says what each of these is."""

    cell: Any
    horizon: int
    season: int | None
    lookback: int | None
    learning_rate: Any
    networks_: list[Network]
    best_epochs_: list[int]
    anchor_: Anchor
    view_: View
    season_: int | None
    lookback_: int
    validation_: int
    constant_: bool
    lowest_: float | None
    tail_: np.ndarray

    @property
    def method(self) -> str: ...

    def get_params(self) -> dict[str, Any]: ...

    def fit(self, series: Any, y: None = None, *, callbacks: Iterable[Callback] = ()) -> Self: ...

    def set_params(self, **params: Any) -> Self: ...

    def predict_many(self, histories: np.typing.ArrayLike, horizon: int) -> np.ndarray: ...
