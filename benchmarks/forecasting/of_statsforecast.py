"""Methods of statsforecast, told the season; AutoETS in two processes where there are many series."""

from __future__ import annotations

import numpy as np
from benchmarks.forecasting.contenders import LEVELS, Bands, by_series
from benchmarks.forecasting.problems import Problem
from statsforecast import StatsForecast, models

MANY = 100


class Model:
    """See `benchmarks.forecasting.contenders.Model`."""

    def __init__(self, problem: Problem, name: str):
        self._problem, self._name = problem, name
        self._levels = LEVELS if name == "AutoETS" else ()
        model = getattr(models, name)(season_length=problem.season, alias="model")
        short = np.tile(np.arange(1.0, 1 + problem.season), 4) if problem.season > 1 else np.arange(1.0, 20)
        model.forecast(y=short + np.arange(len(short)) % 3, h=2)  # what is compiled is, once a process
        processes = 2 if name == "AutoETS" and len(problem.series) >= MANY else 1
        self._frame = problem.frame()
        self._forecaster = StatsForecast([model], freq=problem.freq or 1, n_jobs=processes)

    def fit(self) -> None:
        self._forecaster.fit(self._frame)

    def predict(self) -> tuple[np.ndarray, Bands]:
        found = self._forecaster.predict(self._problem.horizon, level=list(self._levels) or None)
        count = len(self._problem.series)
        bands = {
            float(level): (by_series(found, f"model-lo-{level}", count), by_series(found, f"model-hi-{level}", count))
            for level in self._levels
        }
        return by_series(found, "model", count), bands
