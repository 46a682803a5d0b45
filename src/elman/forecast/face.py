"""The face of a forecaster: what backtests, searches, explanations and files know of one, without importing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np

from elman.data.collection import Collection
from elman.forecast.basis import Basis
from elman.forecast.inputs import Encoder
from elman.forecast.networks import Networks
from elman.forecast.seasonality import Seasons
from elman.network import Network
from elman.training import Callback

Band = tuple[np.ndarray, np.ndarray]


class Forecasts(Protocol):
    """A forecaster; `elman.forecast.forecaster.Forecaster` says what each of these is."""

    horizon: int
    cell: Any
    learning_rate: Any
    seed: int
    best_params_: dict[str, Any]
    trials_: list[Any]

    def __init__(self, **params: Any): ...

    def get_params(self) -> dict[str, Any]: ...

    def set_params(self, **params: Any) -> Self: ...

    def check_params(self) -> None: ...

    def fit(self, data: Any, *, callbacks: Iterable[Callback] = ()) -> Self: ...

    def predict(self, *, level: Any = None) -> Any: ...

    def forecast_from(
        self, collection: Collection, origins: np.ndarray, levels: Sequence[float] = ()
    ) -> tuple[np.ndarray, dict[float, Band]]: ...

    def restore(self, networks: Networks, seasons: Seasons, encoder: Encoder, basis: Basis) -> None: ...

    @property
    def networks_(self) -> list[Network]: ...

    @property
    def epochs_(self) -> list[int]: ...

    @property
    def methods_(self) -> tuple[str, ...]: ...

    @property
    def weights_(self) -> Mapping[str, np.ndarray]: ...

    @property
    def season_(self) -> np.ndarray: ...

    @property
    def seasons_(self) -> tuple[int, ...]: ...

    @property
    def fitted_networks(self) -> Networks: ...

    @property
    def fitted_seasons(self) -> Seasons: ...

    @property
    def fitted_encoder(self) -> Encoder: ...

    @property
    def fitted_basis(self) -> Basis: ...
