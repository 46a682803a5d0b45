"""The picture of a forecast of one series: its end, what follows, and how far that may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elman.data.names import series_name
from elman.forecast.predicted import Predicted
from elman.plots.style import BLUE, INK, axes, dress, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 400  # points of history; more would hide the forecast
_FIRST_DAY, _LAST_DAY = -719162, 2932896  # matplotlib draws from 0001-01-01 to 9999-12-31, in days since 1970
_TIMES = 4  # as many points of history as there are steps of forecast, at least


def draw_bands(forecast: Predicted, ax: Axes | None = None) -> Axes:
    """Draw a forecast of one series.

    Parameters
    ----------
    forecast : Predicted
    ax : matplotlib Axes, optional
        By default new ones.
    """
    ax = axes(ax)
    times, values = forecast.times[0], forecast.values[0]
    history = forecast.history
    if history is not None:
        shown = slice(-min(max(_TIMES * forecast.horizon, 40), max(_MOST, forecast.horizon)), None)
        before = history.times_of(0)
        draw_recorded(ax, before[shown], history.series(0)[shown])
        times, values = np.append(before[-1:], times), np.append(history.series(0)[-1:], values)
    draw_levels(ax, forecast)
    ax.plot(times, values, color=BLUE, linewidth=1.8, label="forecast")
    ax.set_title(plain(shortened(series_name(forecast.names[0]))), loc="left", fontsize=11)
    on_dates(ax, times)
    return dress(ax, plain(forecast.form.time), plain(forecast.form.target))


def draw_levels(ax: Axes, forecast: Predicted) -> None:
    """The bands, the widest first; the legend has the colour of those that lie on one another."""
    light = 1.0
    for level, (low, high) in sorted(forecast.levels.items(), reverse=True):
        alpha = 0.12 + 0.2 * (1 - level / 100)
        light *= 1 - alpha
        ax.fill_between(forecast.times[0], low[0], high[0], color=BLUE, alpha=alpha, linewidth=0)
        ax.fill([], [], color=BLUE, alpha=1 - light, linewidth=0, label=f"{level:g} %")


def draw_recorded(ax: Axes, times: np.ndarray, values: np.ndarray) -> None:
    """A series as it was recorded; a value between gaps, which no line reaches, is a dot."""
    ax.plot(times, values, color=INK, linewidth=1.1, label="recorded")
    known = np.concatenate([[False], ~np.isnan(values), [False]])
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    ax.plot(times[alone], values[alone], "o", color=INK, markersize=2.5)


def shortened(name: str, most: int = 30) -> str:
    """A name that leaves room for a legend beside it."""
    return name if len(name) <= most else f"{name[: most - 3]}..."


def on_dates(ax: Axes, times: np.ndarray) -> None:
    """Dates along the axis, where times are dates: short, and within what matplotlib can draw."""
    ax.margins(x=0.01)
    if times.dtype.kind != "M":
        return
    from matplotlib.dates import ConciseDateFormatter

    left, right = ax.get_xlim()
    ax.set_xlim(max(left, _FIRST_DAY), min(right, _LAST_DAY))
    ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))
