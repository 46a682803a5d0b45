"""Recurrent networks of neuralforecast: one for all series, direct.

Defaults: an input of three horizons, 1000 updates; series that are too short for that, which it refuses else, are
filled up with zeros. Tuned: an input of two seasons or horizons, whichever is longer, but no longer than series are,
logarithms where all values are positive, smaller networks, a rate that falls, and updates that end when the last
horizon of each series is not forecast better any more, where the shortest has one to spare. Of scalers, sizes and rates
these were the best on what lies before the last horizon of the visitor nights.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
from benchmarks.forecasting.contenders import Bands, by_series
from benchmarks.forecasting.problems import Problem
from neuralforecast import NeuralForecast, models

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_progress_bar": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
}


class Model:
    """See `benchmarks.forecasting.contenders.Model`."""

    def __init__(self, problem: Problem, name: str, tuned: bool):
        warnings.filterwarnings("ignore")
        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        self._count, self._frame = len(problem.series), problem.frame()
        shortest = min(len(y) for y in problem.series)
        self._held = problem.horizon if tuned and shortest > 2 * problem.horizon else 0
        self._log = tuned and all(y.min() > 0 for y in problem.series)
        if self._log:
            self._frame["y"] = np.log(self._frame["y"])
        settings = tuned_settings(problem) if tuned else {}
        settings |= {"start_padding_enabled": True} if shortest < 4 * problem.horizon else {}
        settings |= {"early_stop_patience_steps": 4} if self._held else {}
        model = getattr(models, name)(h=problem.horizon, **settings, **QUIET)
        self._forecaster = NeuralForecast([model], freq=problem.freq or 1)

    def fit(self) -> None:
        self._forecaster.fit(self._frame, val_size=self._held)

    def predict(self) -> tuple[np.ndarray, Bands]:
        made = self._forecaster.predict()
        found = by_series(made, made.columns[-1], self._count)
        return np.exp(found) if self._log else found, {}


def tuned_settings(problem: Problem) -> dict[str, Any]:
    """What a good user would set."""
    shortest = min(len(y) for y in problem.series) - 2 * problem.horizon
    wanted = max(2 * problem.season, 2 * problem.horizon)
    return {
        "input_size": max(min(wanted, shortest), problem.horizon, problem.season + 1),
        "scaler_type": "standard",
        "encoder_hidden_size": 64,
        "decoder_hidden_size": 64,
        "max_steps": 600,
        "val_check_steps": 25,
        "num_lr_decays": 3,
    }
