"""What a forecast leaves behind: a table of the forecast, and the figures of its backtest."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from elman.data.series import Series
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster


def write_csv(path: Path, series: Series, forecast: np.ndarray) -> None:
    """A row for each time of the forecast, under the names of the series' own columns; all digits that float64 has."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([series.time, series.target])
        times = series.labels(series.future(len(forecast)))
        writer.writerows([time, repr(float(value))] for time, value in zip(times, forecast, strict=True))


def write_metrics(
    path: Path, series: Series, forecaster: Forecaster, horizon: int, test: Backtest | None, notes: tuple[str, ...]
) -> None:
    """Settings, choices and scores as JSON; a score that is undefined is null."""
    found = {
        "series": _describe_series(series),
        "horizon": horizon,
        "model": _describe_model(forecaster),
        "backtest": None if test is None else _describe_backtest(series, test),
        "notes": list(notes),
    }
    path.write_text(json.dumps(found, indent=2, allow_nan=False) + "\n")


def _describe_series(series: Series) -> dict[str, Any]:
    first, last = series.labels(series.times[[0, -1]])
    return {
        "name": series.name,
        "target": series.target,
        "time": series.time,
        "values": len(series),
        "first": first,
        "last": last,
        "step": str(series.step),
    }


def _describe_model(forecaster: Forecaster) -> dict[str, Any]:
    return {
        "cell": forecaster.method,
        "hidden": int(forecaster.hidden),
        "lookback": forecaster.lookback_,
        "season": forecaster.season_,
        "differences": forecaster.view_.differences,
        "seed": int(forecaster.seed),
        "networks": len(forecaster.networks_),
        "best_epochs": forecaster.best_epochs_,
        "parameters": sum(int(network.arena.size) for network in forecaster.networks_),
    }


def _describe_backtest(series: Series, test: Backtest) -> dict[str, Any]:
    return {
        "trained_on": int(test.origins[0]),
        "origins": series.labels(series.times[test.origins]),
        "season": test.season,
        "scores": {
            method: {metric: value if math.isfinite(value) else None for metric, value in scores.items()}
            for method, scores in test.scores.items()
        },
    }
