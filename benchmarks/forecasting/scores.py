"""What forecasts err by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from benchmarks.forecasting.problems import Problem

from elman.forecast.scale import naive_scales


def smape_of(truth: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Of each series, (S,), in per cent, from 0 to 200."""
    size = np.abs(truth) + np.abs(forecast)
    return (200 * np.divide(np.abs(truth - forecast), size, out=np.zeros_like(size), where=size > 0)).mean(1)


def mase_of(problem: Problem, forecast: np.ndarray) -> np.ndarray:
    """Of each series, (S,); NaN of a constant series."""
    return np.abs(problem.truth - forecast).mean(1) / naive_scales(problem.series, problem.season)


def judged(
    problem: Problem, forecast: np.ndarray, bands: Mapping[float, tuple[np.ndarray, np.ndarray]]
) -> dict[str, Any]:
    """Scores of forecasts (S, H), and how many of the values lie in the intervals of each level."""
    if forecast.shape != problem.truth.shape:
        raise ValueError(f"forecasts are {forecast.shape}, the truth is {problem.truth.shape}")
    if not np.isfinite(forecast).all():
        raise ValueError(f"{np.sum(~np.isfinite(forecast))} of the {forecast.size} values that it forecasts are none")
    inside = {level: (low <= problem.truth) & (problem.truth <= high) for level, (low, high) in bands.items()}
    return {
        "values": problem.truth.size,
        "smape": float(smape_of(problem.truth, forecast).mean()),
        "mase": float(np.nanmean(mase_of(problem, forecast))),
        "rmse": float(np.sqrt(np.mean((problem.truth - forecast) ** 2))),
        "coverage": {f"{level:g}": float(each.mean()) for level, each in inside.items()},
    }
