"""The face of a forecaster: what backtests, searches, explanations and files know of one, without importing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np

from elman.data.collection import Collection
from elman.forecast.basis import Basis
from elman.forecast.families import Family
from elman.forecast.fitted import Fitted
from elman.forecast.predicted import Band
from elman.network import Network
from elman.training import Callback


class Forecasts(Protocol):
    """A forecaster; `elman.forecast.forecaster.Forecaster` says what each of these is."""

    horizon: int
    season: int | None
    cell: Any
    distribution: Any
    learning_rate: Any
    nonnegative: bool | None
    holidays: Any
    calendar: bool
    seed: int
    n_jobs: int | None
    best_params_: dict[str, Any]
    trials_: list[Any]

    def __init__(self, *args: Any, **params: Any): ...  # any, to a type checker

    def get_params(self) -> dict[str, Any]: ...

    def _set_params(self, params: Mapping[str, Any]) -> Self: ...

    def check_params(self) -> None: ...

    def fit(self, data: Any, *, callbacks: Iterable[Callback] = ()) -> Self: ...

    def predict(self, *, level: Any = None, quantiles: Any = None) -> Any: ...

    def forecast_from(
        self, collection: Collection, origins: np.ndarray, levels: Sequence[float] = ()
    ) -> tuple[np.ndarray, dict[float, Band]]: ...

    def medians_from(self, collection: Collection, origins: np.ndarray) -> np.ndarray | None: ...

    def restore(self, fitted: Fitted) -> None: ...

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
    def family(self) -> Family | None: ...

    @property
    def knows_widths(self) -> bool: ...

    @property
    def used_params(self) -> dict[str, Any]: ...

    @property
    def fitted(self) -> Fitted: ...

    @property
    def fitted_basis(self) -> Basis: ...
