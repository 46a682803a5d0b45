"""What judges an epoch of a forecaster's training: whole forecasts of values that it does not train on."""

from __future__ import annotations

import numpy as np

from elman.data.windows import windows
from elman.forecast.choices import MOST_ORIGINS
from elman.forecast.metrics import root_mean_square
from elman.forecast.rollout import View, rollout
from elman.training import Callback
from elman.training.state import Training


class ForecastError(Callback):
    """``training.logs["forecast_error"]``: RMSE of the network's forecasts after an epoch, in deviations of the series.

    Parameters
    ----------
    view : View
        How the network sees the series.
    histories : array, shape (B, n)
        To forecast from.
    actual : array, shape (B, H)
        What followed.
    lookback : int
        Steps that the network reads.
    """

    def __init__(self, view: View, histories: np.ndarray, actual: np.ndarray, lookback: int):
        self.view, self.histories, self.actual, self.lookback = view, histories, actual, lookback
        self.unit = view.scaling.deviation or 1.0

    def on_epoch_end(self, training: Training) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            forecast = rollout(training.net, self.view, self.histories, self.actual.shape[1], self.lookback)  # type: ignore[arg-type]
            error = root_mean_square(self.actual / self.unit - forecast / self.unit)
        training.logs["forecast_error"] = error if np.isfinite(error) else np.inf


def validation_histories(
    values: np.ndarray, validation: int, horizon: int, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """Histories that end in the last `validation` values or just before them, and what followed each.

    Returns
    -------
    histories : ndarray, shape (B, reach)
    actual : ndarray, shape (B, horizon)
        At most `MOST_ORIGINS` rows, evenly spread; no value that is forecast lies before the stretch.
    """
    stretch = values[len(values) - validation - reach :]
    every = windows(stretch, reach + horizon)[..., 0]
    chosen = every[np.unique(np.linspace(0, len(every) - 1, MOST_ORIGINS).astype(int))]
    return chosen[:, :reach], chosen[:, reach:]
