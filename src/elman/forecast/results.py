"""What a forecast leaves behind for programs: the series, the model, what it errs by, and every note, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from elman.data.collection import Collection
from elman.data.names import series_name
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.plain import to_json

METRICS = "metrics.json"


def metrics_json(
    name: str,
    forecaster: Forecaster,
    horizon: int,
    backtest: dict[str, Any] | None,
    notes: tuple[str, ...],
    *,
    trained: bool = True,
) -> bytes:
    """Settings, choices, scores and every note as JSON; a score that is undefined is null.

    Parameters
    ----------
    name : str
        Of the data.
    forecaster : Forecaster
        Fitted.
    horizon : int
        How far was forecast.
    backtest : dict or None
        As `describe_backtest` gives it, or `earlier_backtest`.
    notes : tuple of str
        What the user should know.
    trained : bool, default True
        Whether the model was trained on this data now, or read from a file.
    """
    found = {
        "series": describe_series(name, forecaster.fitted_basis.collection),
        "horizon": horizon,
        "trained": trained,
        "model": describe_model(forecaster),
        "each": describe_each(forecaster),
        "backtest": backtest,
        "notes": list(notes),
    }
    return (to_json(found, "metrics", indent=2, undefined_as_null=True) + "\n").encode()


def earlier_backtest(model: Path) -> dict[str, Any] | None:
    """The backtest in the metrics.json beside a model's file, if there is one that can be read."""
    try:
        found = json.loads((model.parent / METRICS).read_text(encoding="utf-8"))
        return found["backtest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def labels_of(collection: Collection, times: np.ndarray) -> list[str]:
    """Times as texts, written as those of the data are."""
    return collection.notation.labels(times)


def span_of(collection: Collection) -> tuple[str, str]:
    """The first and the last time of all series."""
    times = [ends for s in range(len(collection)) for ends in collection.times_of(s)[[0, -1]]]
    first, last = labels_of(collection, np.array([min(times), max(times)]))
    return first, last


def describe_series(name: str, collection: Collection) -> dict[str, Any]:
    """A collection in plain data."""
    first, last = span_of(collection)
    form = collection.form
    return {
        "name": name,
        "count": len(collection),
        "target": str(form.target),
        "time": str(form.time),
        "group": [str(column) for column in form.group],
        "values": len(collection.values),
        "missing": int(np.isnan(collection.values).sum()),
        "first": first,
        "last": last,
        "step": None if collection.step is None else str(collection.step),
    }


def describe_model(forecaster: Forecaster) -> dict[str, Any]:
    """What forecasts, in plain data."""
    return {
        "methods": {name: float(share.mean()) for name, share in forecaster.weights_.items()},
        "distribution": None if forecaster.family is None else forecaster.family.name,
        "cell": forecaster.cell if isinstance(forecaster.cell, str) else forecaster.cell.name,
        "units": forecaster.units,
        "networks": len(forecaster.networks_),
        "epochs": forecaster.epochs_,
        "parameters": sum(int(network.arena.size) for network in forecaster.networks_),
        "longer_seasons": list(forecaster.seasons_),
        "seed": forecaster.seed,
    }


def describe_each(forecaster: Forecaster) -> list[dict[str, Any]]:
    """Each series with its season and the weights of methods."""
    collection, weights = forecaster.fitted_basis.collection, forecaster.weights_
    return [
        {
            "name": series_name(name),
            "values": int(collection.lengths[s]),
            "season": int(forecaster.season_[s]),
            "methods": {method: float(share[s]) for method, share in weights.items()},
        }
        for s, name in enumerate(collection.names)
    ]


def describe_backtest(test: Backtest | None) -> dict[str, Any] | None:
    """A backtest as plain data."""
    if test is None:
        return None
    verdict = test.verdict()
    return {
        "trained_on": int(np.median(test.collection.lengths)) - int(test.origins[0]),
        "origins": origins_of(test),
        "before_the_end": test.origins.tolist(),
        "refitted": test.refitted,
        "season": int(np.bincount(test.season).argmax()),
        "scores": {method: {m: float(s) for m, s in found.items()} for method, found in test.scores.items()},
        "by_horizon": {
            method: {m: found[m].by_horizon.tolist() for m in ("MASE", "RMSE")} for method, found in test.scores.items()
        },
        "by_series": {
            series_name(name): {method: float(found["MASE"].by_series[s]) for method, found in test.scores.items()}
            for s, name in enumerate(test.collection.names)
        },
        "verdict": str(verdict),
        "best_rival": test.best_rival,
        "difference": verdict.difference,
        "error": verdict.error,
    }


def origins_of(test: Backtest, number: int | None = None) -> list[str]:
    """The first times that are forecast, of the longest series or of one."""
    s = int(np.argmax(test.collection.lengths)) if number is None else number
    times = test.collection.times_of(s)
    return labels_of(test.collection, times[len(times) - test.origins])
