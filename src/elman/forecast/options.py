"""The parameters of a forecaster by name, for type checkers; a test holds that they are those of `Parameters`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from elman.equations import Cell
from elman.training.schedules import Rate

Holidays = str | Iterable[Any]
"""A country, or dates."""


class ForecasterOptions(TypedDict, total=False):
    """Parameters of a `Forecaster` by name, for functions that hand them on; all but the horizon, which those name."""

    season: int | None
    cell: str | Cell
    units: int
    methods: str | Sequence[str] | None
    distribution: str | type | None
    members: int
    epochs: int | None
    batch_size: int
    learning_rate: Rate | None
    nonnegative: bool | None
    holidays: Holidays | None
    calendar: bool
    auto: bool
    seconds: float | None
    n_jobs: int | None
    seed: int


class ForecasterParameters(ForecasterOptions, total=False):
    """All parameters of a `Forecaster` by name."""

    horizon: int
