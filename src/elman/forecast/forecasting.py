"""From what a forecaster learnt to forecasts: at the end of its series, or from several origins in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.data.collecting import collect
from elman.data.collection import Collection
from elman.data.values import numbers_of
from elman.errors import OptionError
from elman.forecast.arguments import steps_behind, within_reach
from elman.forecast.basis import Basis
from elman.forecast.distributed import NOW, distributed, distributed_from, medians_from
from elman.forecast.face import Forecasts
from elman.forecast.fitted import histories_of
from elman.forecast.forecasts import Forecast
from elman.forecast.methods import combined, forecast_by, last_of
from elman.forecast.metrics import mae
from elman.forecast.predicted import Band
from elman.forecast.rivals import Histories
from elman.forecast.uncertainty import bands_of, lowest_of, paths_around, quantiles_around, stacked


def forecast(
    forecaster: Forecasts,
    basis: Basis,
    steps: int,
    levels: Sequence[float] = (),
    quantiles: Any = None,
    samples: int = 0,
    future: Any = None,
) -> Forecast:
    """What follows the series of a basis.

    Parameters
    ----------
    forecaster : Forecaster
        Fitted.
    basis : Basis
        Its own, or that of other series.
    steps : int
        How many, H.
    levels, quantiles, samples, future
        As for `Forecaster.predict`; none where they are empty, None, or 0.
    """
    reach = max(steps, int(forecaster.horizon))
    histories = _known(forecaster, basis, steps, future)
    told = () if histories.beside is None else histories.beside.notes
    if forecaster.family is not None:
        found = distributed(forecaster, basis, histories, steps, levels, quantiles, samples)
        return replace(found, notes=(*told, *found.notes))
    free, lowest = _combined(forecaster, basis.weights, histories, reach, NOW)
    free, lowest = free[:, 0, :steps], lowest[:, 0]
    raised = int(np.sum(free < lowest[:, None]))
    values = np.maximum(free, lowest[:, None])
    bands = bands_of(basis.calibration, values, levels, lowest)
    shares = quantiles_around(basis.calibration, values, quantiles, lowest)
    paths = paths_around(basis.calibration, values, samples, int(forecaster.seed), lowest) if samples else None
    note = f"{raised} of the {values.size} values would be below 0, as no value of their series is: they are 0"
    notes = (*told, *(note,) * bool(raised))
    return Forecast.of(basis.collection, values, bands, shares, paths, notes, basis.errors)


def forecast_from(
    forecaster: Forecasts, collection: Collection, origins: np.ndarray, levels: Sequence[float]
) -> tuple[np.ndarray, dict[float, Band]]:
    """Forecasts of the series that were learnt, now longer, from several origins in them.

    Parameters
    ----------
    forecaster : Forecaster
        Fitted.
    collection : Collection
        The same series, in the same order.
    origins : array of int, shape (K,)
        Numbers of values before the end.
    levels : sequence of float
        Of intervals, in per cent.

    Returns
    -------
    ndarray, shape (S, K, H), and dict of float to (ndarray, ndarray)
        Forecasts, and intervals; none where nothing says how wide they are.
    """
    fitted, horizon = forecaster.fitted, int(forecaster.horizon)
    histories = histories_of(collection, fitted.seasons, fitted.encoder)
    if forecaster.family is not None:
        return distributed_from(forecaster, histories, origins, levels)
    free, lowest = _combined(forecaster, fitted.basis.weights, histories, horizon, origins)
    values = np.maximum(free, lowest[..., None])
    calibration = fitted.basis.calibration
    if calibration is None:
        return values, {}
    return values, stacked([bands_of(calibration, values[:, k], levels, lowest[:, k]) for k in range(len(origins))])


def medians_of(forecaster: Forecasts, collection: Collection, origins: np.ndarray) -> np.ndarray:
    """Medians of distributions from several origins in series that were learnt, (S, K, H)."""
    fitted = forecaster.fitted
    return medians_from(forecaster, histories_of(collection, fitted.seasons, fitted.encoder), origins)


def error_of(forecaster: Forecasts, data: Any) -> float:
    """The mean absolute error of the forecast of what followed a series; see `Forecaster.score`."""
    followed, basis = within_reach(collect(data)), forecaster.fitted.basis
    if len(basis.collection) != 1 or len(followed) != 1:
        raise OptionError("score judges the forecast of one series; use backtest for several")
    actual, steps = followed.values, steps_behind(basis.collection, followed)
    if followed.form.kind == "array":  # where missing values come first, they count as steps too
        actual = np.ravel(numbers_of(data, "the series"))
        steps = np.arange(len(actual))
    known = np.isfinite(actual)
    said = forecast(forecaster, basis, int(steps[-1]) + 1).values[0, steps]
    return mae(actual[known], said[known])


def _known(forecaster: Forecasts, basis: Basis, steps: int, future: Any) -> Histories:
    """The series of a basis, and what is known of the steps ahead."""
    encoder = forecaster.fitted.encoder
    if not encoder.empty:
        return replace(basis.histories, beside=encoder.inputs(basis.collection, steps, future))
    if future is not None:
        raise OptionError("future= tells covariates, and none were learnt: name them in fit, as future=['price']")
    return basis.histories


def _combined(
    forecaster: Forecasts, weights: np.ndarray, histories: Histories, horizon: int, origins: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The weighed forecasts of all methods, (S, K, H), and what none of them is to be below, (S, K)."""
    made = forecast_by(forecaster.fitted.methods(forecaster.methods_), histories, horizon, origins)
    lowest = lowest_of(histories, origins, forecaster.nonnegative)
    return combined(made, weights, last_of(histories, origins)), lowest
