"""Who is compared, and how each is run: one file for each library, which is imported where it is installed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from benchmarks.forecasting.problems import Problem

LEVELS = (80, 90, 95)
Bands = dict[float, tuple[np.ndarray, np.ndarray]]


class Model(Protocol):
    """One library's forecaster of one problem. What it is made of is not timed; `fit` and `predict` are."""

    def fit(self) -> None: ...

    def predict(self) -> tuple[np.ndarray, Bands]:
        """Forecasts (S, H), and intervals by level if it has them."""
        ...


@dataclass(frozen=True)
class Contender:
    """A library in one of its ways.

    Attributes
    ----------
    library, variant : str
    options : dict
        For the library's adapter.
    """

    library: str
    variant: str
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """As tables have it."""
        return f"{self.library} {self.variant}".strip()

    def model(self, problem: Problem) -> Model:
        """The forecaster, ready to fit."""
        return importlib.import_module(f"benchmarks.forecasting.of_{self.library}").Model(problem, **self.options)

    def version(self) -> str:
        """Of the library."""
        return importlib.import_module(self.library).__version__


CONTENDERS = (
    Contender("elman", "", {}),
    Contender("statsforecast", "SeasonalNaive", {"name": "SeasonalNaive"}),
    Contender("statsforecast", "Theta", {"name": "Theta"}),
    Contender("statsforecast", "AutoETS", {"name": "AutoETS"}),
    Contender("neuralforecast", "GRU", {"name": "GRU", "tuned": False}),
    Contender("neuralforecast", "LSTM", {"name": "LSTM", "tuned": False}),
    Contender("neuralforecast", "GRU, tuned", {"name": "GRU", "tuned": True}),
    Contender("neuralforecast", "LSTM, tuned", {"name": "LSTM", "tuned": True}),
    Contender("darts", "GRU", {"name": "GRU", "tuned": False}),
    Contender("darts", "LSTM", {"name": "LSTM", "tuned": False}),
    Contender("darts", "GRU, tuned", {"name": "GRU", "tuned": True}),
    Contender("darts", "LSTM, tuned", {"name": "LSTM", "tuned": True}),
)


def by_series(frame: Any, column: str, count: int) -> np.ndarray:
    """A column of a frame of forecasts (`unique_id`, `ds`), as (S, H)."""
    ordered = frame.reset_index().sort_values(["unique_id", "ds"])
    return ordered[column].to_numpy(float).reshape(count, -1)
