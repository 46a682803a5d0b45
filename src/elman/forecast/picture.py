"""The picture of a forecast: history, backtest and what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.data.series import Series
from elman.data.times import label
from elman.forecast.backtest import Backtest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HISTORY, _ACTUAL, _NAIVE, _FORECAST = "#9a9a9a", "#222222", "#4c78a8", "#d1495b"
_MOST_POINTS = 420  # of history; more would hide the forecast


def draw(series: Series, forecast: np.ndarray, method: str, test: Backtest | None) -> Figure:
    """Draw a forecast.

    Parameters
    ----------
    series : Series
        What was recorded.
    forecast : array, shape (H,)
        What follows it.
    method : str
        Its name.
    test : Backtest, optional
        Drawn in a panel of its own, each forecast beside what happened.

    Returns
    -------
    matplotlib Figure
        Made without pyplot, so that no window opens and no state is kept.
    """
    from matplotlib.figure import Figure

    panels = 1 if test is None else 2
    figure = Figure(figsize=(10, 3.4 * panels + 0.4), dpi=130, layout="constrained")
    axes = figure.subplots(panels, squeeze=False)[:, 0]
    _draw_forecast(axes[0], series, forecast, method)
    if test is not None:
        _draw_backtest(axes[1], series, method, test)
    for ax in axes:
        _dress(ax, series)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    figure.savefig(path, format="png")


def _draw_forecast(ax: Axes, series: Series, forecast: np.ndarray, method: str) -> None:
    shown = slice(-max(_MOST_POINTS, 3 * len(forecast)), None)
    ax.plot(series.times[shown], series.values[shown], color=_ACTUAL, linewidth=1.1, label="recorded")
    times = np.concatenate([series.times[-1:], series.future(len(forecast))])
    values = np.concatenate([series.values[-1:], forecast])
    marker: Any = "o" if len(forecast) <= 40 else None
    ax.plot(times, values, color=_FORECAST, linewidth=1.8, marker=marker, markersize=2.6, label=f"forecast ({method})")
    ax.axvspan(times[0], times[-1], color=_FORECAST, alpha=0.06, linewidth=0)
    ax.set_title(f"{series.name}: {len(forecast)} steps ahead", loc="left", fontsize=11)


def _draw_backtest(ax: Axes, series: Series, method: str, test: Backtest) -> None:
    first = int(test.origins[0])
    before = max(first - 2 * test.horizon, 0)
    ax.plot(series.times[before:], series.values[before:], color=_ACTUAL, linewidth=1.1, label="recorded")
    best_naive = "seasonal naive" if "seasonal naive" in test.forecasts else "naive"
    # forecasts that overlap would hide one another: every second one, with the last
    for number, row in enumerate(range(len(test.origins) - 1, -1, -2)):
        times = series.times[test.origins[row] : test.origins[row] + test.horizon]
        names = (best_naive, method) if number == 0 else ("", "")
        ax.plot(times, test.forecasts[best_naive][row], color=_NAIVE, linewidth=1.1, linestyle="--", label=names[0])
        ax.plot(times, test.forecasts[method][row], color=_FORECAST, linewidth=1.8, label=names[1])
        ax.axvline(times[0], color=_HISTORY, linewidth=0.8, linestyle=":")
    drawn = (len(test.origins) + 1) // 2
    shown = "" if drawn == len(test.origins) else f"; {drawn} of {len(test.origins)} forecasts drawn"
    ax.set_title(f"backtest: trained on what lies before {label(series.times[first])}{shown}", loc="left", fontsize=11)


def _dress(ax: Axes, series: Series) -> None:
    ax.set_ylabel(series.target)
    ax.set_xlabel(series.time)
    ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.01, y=0.14)  # room for the legend
    ax.legend(loc="upper left", frameon=False, ncols=3, fontsize=9)
