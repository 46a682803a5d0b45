"""Elman's `Forecaster`, with its defaults: it is not told the season, but reads it from times and values."""

from __future__ import annotations

import numpy as np
from benchmarks.forecasting.contenders import LEVELS, Bands
from benchmarks.forecasting.problems import Problem

import elman as el


class Model:
    """See `benchmarks.forecasting.contenders.Model`."""

    def __init__(self, problem: Problem):
        self._frame, self._forecaster = problem.frame(), el.Forecaster(problem.horizon)

    def fit(self) -> None:
        self._forecaster.fit(self._frame, time="ds", target="y", group="unique_id")

    def predict(self) -> tuple[np.ndarray, Bands]:
        found = self._forecaster.predict(level=LEVELS)
        return found.values, dict(found.levels)
