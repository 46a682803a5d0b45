"""Whether what a file holds goes together, so that a file that was changed is refused when it is read."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from elman.checks import real, shown, whole
from elman.data.collection import Collection
from elman.data.steps import Step, Unit
from elman.errors import ModelFileError
from elman.forecast.arguments import MOST, within_reach
from elman.forecast.conformal import Calibration
from elman.forecast.forecasts import Forecast
from elman.forecast.inputs import Encoder
from elman.forecast.tables import columns_of


def check_collection(collection: Collection) -> None:
    """Refuse series that are none, or that no forecast could follow.

    Raises
    ------
    ElmanError, ValueError, TypeError ...
        Whatever a forecast of them would.
    """
    borders, count = collection.borders, len(collection)
    check_array(collection.values, "values", "f", (None,))
    check_array(borders, "borders", "i", (count + 1,))
    if count < 1 or borders[0] != 0 or borders[-1] != len(collection.values) or (np.diff(borders) < 1).any():
        raise ModelFileError("its borders do not divide its values into series")
    if np.isinf(collection.values).any() or np.isnan(collection.values[borders[1:] - 1]).any():
        raise ModelFileError("its series do not end with a number")
    within_reach(collection)
    if len(set(collection.names)) != count:
        raise ModelFileError("two of its series have the same name")
    _check_times(collection)
    following = Forecast.of(collection, np.zeros((count, 1)))
    columns_of(following)
    following.take([0]).labels()


def _check_times(collection: Collection) -> None:
    times, step = collection.times, collection.step
    if times is not None:
        check_array(times, "times", "iuMf", collection.values.shape)
        if not np.isfinite(times).all():
            raise ModelFileError("its times are not all known")
    dated, stamps = times is not None and times.dtype.kind == "M", collection.form.stamps
    if stamps in ("times", "periods") and not dated or stamps != "rows" and (times is None or step is None):
        raise ModelFileError(f"its times are no {stamps}")
    if step is not None:
        _check_step(step, dated)


def _check_step(step: Step, dated: bool) -> None:
    if step.unit not in get_args(Unit) or dated == (step.unit == "number"):
        raise ModelFileError(f"its times cannot follow one another by {shown(step.unit)}")
    real(step.size, "the size of its step", 0)
    whole(step.day, "the day of its step", 1, 31)


def check_seasons(first: np.ndarray, longer: tuple[Any, ...], series: int) -> None:
    """Refuse seasons that are not those of so many series."""
    check_array(first, "season", "i", (series,))
    for season in (*first.tolist(), *longer):
        whole(season, "a season", 1, MOST)


def check_weights(weights: np.ndarray, series: int, methods: int) -> None:
    """Refuse weights that are no shares of so many methods."""
    check_array(weights, "weights", "f", (series, methods))
    total = weights.sum(1)  # 0 of a series that none of them can forecast
    if not ((weights >= 0) & (weights <= 1)).all() or not np.allclose(total, total > 0):
        raise ModelFileError("its weights are no shares")


def check_errors(errors: np.ndarray, series: int) -> None:
    """Refuse errors that are not those of so many series."""
    check_array(errors, "errors", "f", (series, None))
    if np.isinf(errors).any():
        raise ModelFileError("its errors are infinite")


def check_calibration(calibration: Calibration, series: int) -> None:
    """Refuse widths that are not those of so many series."""
    check_array(calibration.sigma, "sigma", "f", (series,))
    check_array(calibration.growth, "growth", "f", (3,))
    check_array(calibration.level, "level", "f", (series,))
    check_array(calibration.shape, "shape", "f", (None,))
    numbers = np.concatenate([calibration.sigma, calibration.growth, calibration.shape])
    if not len(calibration.shape) or not np.isfinite(numbers).all() or (calibration.level == 0).any():
        raise ModelFileError("its intervals have no width")
    if (
        (calibration.sigma < 0).any()
        or np.abs(calibration.growth).max() > 1e6
        or (np.diff(calibration.shape) < 0).any()
    ):
        raise ModelFileError("its intervals are turned over")


def check_encoder(encoder: Encoder, collection: Collection) -> None:
    """Refuse covariates that could not become numbers, and times that there are none of."""
    dated = collection.times is not None and collection.times.dtype.kind == "M" and collection.step is not None
    if (encoder.gaps and collection.times is None) or ((encoder.dates or encoder.holidays is not None) and not dated):
        raise ModelFileError("its networks read times that its series have not")
    for codes in (encoder.past, encoder.future, encoder.static):
        for name, code in codes.items():
            real(code.mean, f"the mean of {name!r}", -1e300)
            real(code.deviation, f"the deviation of {name!r}", 0)


def check_array(array: np.ndarray, name: str, kinds: str, shape: tuple[int | None, ...]) -> None:
    """Refuse an array of another kind or shape; None stands for any length."""
    fits = array.ndim == len(shape) and all(n in (None, size) for n, size in zip(shape, array.shape, strict=True))
    if array.dtype.kind not in kinds or array.dtype.itemsize != 8 or not fits:
        raise ModelFileError(f"its {name} are {shown(array)}")
