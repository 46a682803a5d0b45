"""What a forecast leaves behind: a table of the forecast, and the figures of its backtest."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from elman.data.series import Series
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.plain import to_json

METRICS = "metrics.json"


def write_csv(path: Path, series: Series, forecast: np.ndarray) -> None:
    """A row for each time of the forecast, under the names of the series' own columns; all digits that float64 has."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([series.time, series.target])
        times = series.labels(series.future(len(forecast)))
        writer.writerows(
            [time, repr(float(value)).removesuffix(".0")] for time, value in zip(times, forecast, strict=True)
        )


def write_metrics(
    path: Path,
    series: Series,
    forecaster: Forecaster,
    horizon: int,
    backtest: dict[str, Any] | None,
    notes: tuple[str, ...],
    *,
    trained: bool = True,
) -> None:
    """Settings, choices, scores and every note as JSON; a score that is undefined is null.

    Parameters
    ----------
    path : Path
        Of the file.
    series, forecaster, horizon
        What was forecast, with what, and how far.
    backtest : dict or None
        As `describe_backtest` gives it, or `earlier_backtest`.
    notes : tuple of str
        What the user should know.
    trained : bool, default True
        Whether the model was trained on this series now, or read from a file.
    """
    found = {
        "series": _describe_series(series),
        "horizon": horizon,
        "trained": trained,
        "model": _describe_model(forecaster),
        "backtest": backtest,
        "notes": list(notes),
    }
    path.write_text(to_json(found, "metrics", indent=2, undefined_as_null=True) + "\n", encoding="utf-8")


def earlier_backtest(model: Path) -> dict[str, Any] | None:
    """The backtest in the metrics.json beside a model's file, if there is one that can be read."""
    try:
        found = json.loads((model.parent / METRICS).read_text(encoding="utf-8"))
        return found["backtest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
        "hidden": forecaster.hidden,
        "lookback": forecaster.lookback_,
        "season": forecaster.season_,
        "differences": forecaster.view_.differences,
        "seed": forecaster.seed,
        "networks": len(forecaster.networks_),
        "best_epochs": forecaster.best_epochs_,
        "weight": forecaster.anchor_.weight,
        "beside": "naive" if forecaster.anchor_.season == 1 else "seasonal naive",
        "parameters": sum(int(network.arena.size) for network in forecaster.networks_),
    }


def describe_backtest(series: Series, test: Backtest | None) -> dict[str, Any] | None:
    """A backtest as plain data."""
    if test is None:
        return None
    return {
        "trained_on": int(test.origins[0]),
        "origins": series.labels(series.times[test.origins]),
        "season": test.season,
        "scores": test.scores,
    }
