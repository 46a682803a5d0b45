"""What a forecast can do without, its backtest and its picture: each is there, or a note says why not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from elman.data.series import Series
from elman.errors import DataError
from elman.forecast import picture
from elman.forecast.backtest import Backtest, held_back, judge
from elman.forecast.face import Forecasts
from elman.forecast.forecaster import Forecaster
from elman.forecast.keeping import Kept
from elman.training import Callback


def backtested(
    forecaster: Forecaster, values: np.ndarray, origins: int | None, callbacks: Iterable[Callback], kept: Kept
) -> tuple[Backtest | None, list[str]]:
    """The backtest, or a note that says why there is none."""
    trained = Forecaster(**forecaster.get_params())
    kept.offer(trained)
    try:
        starts = held_back(trained, len(values), origins)
        trained.fit(values[: starts[0]], callbacks=callbacks)
    except DataError as error:
        return None, [f"no backtest: {error}"]
    fewer = f"the series holds {len(starts)} of the {origins} forecasts that the backtest was to make"
    return judge(trained, values, starts), [fewer] if origins is not None and len(starts) < origins else []


def choices_of(test: Backtest | None, values: np.ndarray) -> tuple[Forecasts | None, list[str]]:
    """The forecaster that was tested, so that the one delivered is of its kind; or a note that it is not."""
    if test is None:
        return None, []
    if test.forecaster.constant_ and values.min() < values.max():
        note = (
            "the values before the backtest never change, so that the model it tested could not learn what came later"
        )
        return None, [note]
    return test.forecaster, []


def notes_of(forecaster: Forecaster) -> list[str]:
    notes = []
    if forecaster.constant_:
        notes.append("the series is constant: there is nothing to learn, and the forecast repeats its value")
    elif not forecaster.validation_:
        notes.append("the series is too short to hold values back from training: the epoch of the lowest loss was kept")
    return notes


def raised(forecaster: Forecaster, values: np.ndarray) -> list[str]:
    """A note where a forecast is at the lowest value that it may have."""
    count = 0 if forecaster.lowest_ is None or forecaster.constant_ else int(np.sum(values == forecaster.lowest_))
    if not count:
        return []
    return [f"{count} of the {len(values)} values would be below 0, as no value of the series is: they are 0"]


def drawn(series: Series, values: np.ndarray, method: str, test: Backtest | None) -> tuple[bytes | None, list[str]]:
    """The picture as PNG, or a note that says why there is none: a forecast is worth more than its picture."""
    try:
        return picture.render(picture.draw(series, values, method, test)), []
    except Exception as error:  # whatever a drawing library raises
        return None, [f"there is no picture: {type(error).__name__}: {error}".replace("\n", " ")]
