"""Charts of a page about forecasts: what was recorded, what was foretold of it, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.data.names import counted, series_name
from elman.forecast.backtest import Backtest
from elman.forecast.backtest_picture import shown_origins
from elman.forecast.forecasts import Forecast
from elman.forecast.picture import chosen
from elman.plots.page import INK, Axis, Band, Chart, Choice, Layer, Line

MOST_SERIES = 24  # that a page can show
HISTORY, HISTORY_OF_MANY = 2000, 300  # values of a series that a page holds, at least four times the horizon
SEEN = 5  # times the horizon, of history that is seen at first
FEWEST = 60  # steps that are seen at first


def series_charts(forecast: Forecast, test: Backtest | None) -> Sequence[Chart | Choice]:
    """The chart of one series, or of many those to choose from, from the best to the worst of the backtest."""
    numbers = chosen(forecast, test, MOST_SERIES)
    charts = [_chart(forecast.take([number]), test, len(numbers) > 1) for number in numbers]
    if len(charts) == 1:
        return charts
    names = [series_name(forecast.names[number]) for number in numbers]
    return [Choice("Series", [(name, [chart]) for name, chart in zip(names, charts, strict=True)])]


def _chart(forecast: Forecast, test: Backtest | None, several: bool) -> Chart:
    layers, about, first = [], "", None
    values, times = forecast.values[0], forecast.times[0]
    history = forecast.history
    recorded: list[Layer] = []
    if history is not None:
        most = max(HISTORY_OF_MANY if several else HISTORY, 4 * forecast.horizon)
        before, past = history.times_of(0)[-most:], history.series(0)[-most:]
        recorded = [Line("recorded", before, past, INK)]
        left = len(history.series(0)) - len(past)
        about = f"The last {len(past):,} of {len(past) + left:,} values." if left else ""
        seen = max(SEEN * forecast.horizon, FEWEST)
        first = before[-seen] if len(before) > 1.5 * seen else None
        values, times = np.append(past[-1:], values), np.append(before[-1:], times)
    layers += [*_bands(forecast), *recorded, *_tested(forecast.names[0], test, most if history is not None else 0)]
    layers.append(Line("forecast", times, values, 0, heavy=True, dots=forecast.horizon <= 12))
    x = Axis(str(forecast.form.time), start=first)
    return Chart("", layers, x, Axis(str(forecast.form.target)), about, height=340)


def _bands(forecast: Forecast) -> list[Layer]:
    """The widest first."""
    return [
        Band(f"{level:g} %", forecast.times[0], low[0], high[0], 0, 0.12 + 0.2 * (1 - level / 100))
        for level, (low, high) in sorted(forecast.levels.items(), reverse=True)
    ]


def _tested(name: Any, test: Backtest | None, most: int) -> list[Layer]:
    """What was foretold of the end of a series, beside the best simple method; with gaps between forecasts."""
    if test is None or name not in test.collection.names:
        return []
    number = test.collection.names.index(name)
    times, H = test.collection.times_of(number), test.horizon
    origins = [(row, len(times) - int(test.origins[row])) for row in reversed(shown_origins(test))]
    origins = [(row, first) for row, first in origins if len(times) - first <= most]
    if not origins:
        return []
    nowhere = np.full(1, "NaT", times.dtype) if times.dtype.kind == "M" else np.full(1, np.nan)
    ahead = np.concatenate([part for _, first in origins for part in (times[first : first + H], nowhere)])

    def joined(values: np.ndarray) -> np.ndarray:
        return np.concatenate([np.append(values[number, row], np.nan) for row, _ in origins])

    found: list[Layer] = []
    if test.intervals:
        level = min(test.intervals)
        low, high = (joined(bound) for bound in test.intervals[level])
        found.append(Band(f"{level:g} % in the test", ahead, low, high, 2, 0.16, hidden=True))
    rival = test.best_rival
    found.append(Line(f"{rival} in the test", ahead, joined(test.forecasts[rival]), 1, dash=True))
    found.append(Line("elman in the test", ahead, joined(test.forecasts["elman"]), 2))
    return found


def by_method(curves: dict[str, np.ndarray], what: str, *, low: float | None = 0.0, high: float | None = None) -> Chart:
    """Lines over the steps ahead, one for each method; elman's is heavy."""
    layers: list[Layer] = []
    for place, (name, curve) in enumerate(curves.items()):
        steps = np.arange(1, len(curve) + 1)
        layers.append(Line(name, steps, curve, place, heavy=name == "elman", dots=len(curve) <= 30))
    return Chart("", layers, Axis("steps ahead", whole=True), Axis(what, low=low, high=high))


def how_many(forecast: Forecast, test: Backtest | None) -> str:
    """What is drawn, in words."""
    steps = counted(forecast.horizon, "steps")
    if len(forecast) == 1:
        return f"{steps} ahead."
    drawn = min(len(forecast), MOST_SERIES)
    few = "" if drawn == len(forecast) else f"; {drawn} of {len(forecast)} series can be looked at here"
    how = ", from the best to the worst of the backtest" if few and test is not None else ""
    return f"{steps} of {len(forecast)} series{few}{how}."
