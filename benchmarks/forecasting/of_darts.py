"""Recurrent networks of darts (`RNNModel`): one for all series, fed what it forecast, series scaled to 0 .. 1 each.

Defaults: 100 epochs, 25 units, training on 24 steps. Tuned: logarithms where all values are positive, training on two
seasons and the horizon, larger batches, about as many updates whatever the data. On what lies before the last horizon
of the visitor nights, more updates, a higher rate, fewer units and the time of year as an input were not better.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
from benchmarks.forecasting.contenders import Bands
from benchmarks.forecasting.problems import Problem
from darts import TimeSeries
from darts.dataprocessing import Pipeline
from darts.dataprocessing.transformers import InvertibleMapper, Scaler
from darts.models import RNNModel

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_progress_bar": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
}
UPDATES, BATCH = 800, 64


class Model:
    """See `benchmarks.forecasting.contenders.Model`."""

    def __init__(self, problem: Problem, name: str, tuned: bool):
        warnings.filterwarnings("ignore")
        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        self._horizon = problem.horizon
        groups = problem.frame().astype({"y": np.float32}).groupby("unique_id")
        freq = problem.freq or 1
        self._series = [TimeSeries.from_dataframe(g, "ds", "y", freq=freq).astype(np.float32) for _, g in groups]
        logs = [InvertibleMapper(np.log, np.exp)] if tuned and all(y.min() > 0 for y in problem.series) else []
        self._scaler = Pipeline([*logs, Scaler()])
        settings = tuned_settings(problem) if tuned else default_settings(problem)
        self._model = RNNModel(model=name, random_state=0, pl_trainer_kwargs=QUIET, **settings)

    def fit(self) -> None:
        self._model.fit(self._scaler.fit_transform(self._series))

    def predict(self) -> tuple[np.ndarray, Bands]:
        made = self._model.predict(self._horizon, self._scaler.transform(self._series))
        return np.stack([each.values()[:, 0] for each in self._scaler.inverse_transform(made)]), {}


def default_settings(problem: Problem) -> dict[str, Any]:
    """An input of a season, which has no default; training on fewer steps where the shortest series has no 25."""
    shortest = min(len(y) for y in problem.series)
    length = min(24, shortest - 1)
    return {"input_chunk_length": min(12, length - 1), "training_length": length}


def tuned_settings(problem: Problem) -> dict[str, Any]:
    """What a good user would set."""
    lengths = np.array([len(y) for y in problem.series])
    length = int(min(2 * problem.season + problem.horizon, lengths.min() - 1))
    rows = int((lengths - length).sum())
    batch = BATCH if rows > 1000 else 16
    return {
        "input_chunk_length": max(length - problem.horizon, length // 2),
        "training_length": length,
        "hidden_dim": 40,
        "batch_size": batch,
        "n_epochs": int(np.clip(UPDATES // max(rows // batch, 1), 3, 300)),
        "optimizer_kwargs": {"lr": 3e-3},
    }
