"""The picture of a forecast: history, backtest and what comes next."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.data.series import Series
from elman.forecast.backtest import Backtest
from elman.plots.style import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ORIGIN, _ACTUAL, _NAIVE, _FORECAST = "#9a9a9a", "#222222", "#4c78a8", "#d1495b"
_MOST_POINTS = 420  # of history; more would hide the forecast
_FIRST_DAY, _LAST_DAY = -719162, 2932896  # matplotlib draws from 0001-01-01 to 9999-12-31, in days since 1970


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


def render(figure: Figure) -> bytes:
    """A figure as PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _draw_forecast(ax: Axes, series: Series, forecast: np.ndarray, method: str) -> None:
    shown = slice(-max(_MOST_POINTS, 3 * len(forecast)), None)
    ax.plot(series.times[shown], series.values[shown], color=_ACTUAL, linewidth=1.1, label="recorded")
    times = np.concatenate([series.times[-1:], series.future(len(forecast))])
    values = np.concatenate([series.values[-1:], forecast])
    marker: Any = "o" if len(forecast) <= 40 else None
    ax.plot(times, values, color=_FORECAST, linewidth=1.8, marker=marker, markersize=2.6, label=f"forecast ({method})")
    ax.axvspan(times[0], times[-1], color=_FORECAST, alpha=0.06, linewidth=0)
    ax.set_title(
        f"{plain(series.name)}: {len(forecast)} step{'s' * (len(forecast) > 1)} ahead", loc="left", fontsize=11
    )


def _draw_backtest(ax: Axes, series: Series, method: str, test: Backtest) -> None:
    shown = _shown(test, len(series))
    before = max(int(test.origins[shown[-1]]) - 2 * test.horizon, 0)
    ax.plot(series.times[before:], series.values[before:], color=_ACTUAL, linewidth=1.1, label="recorded")
    best_naive = "seasonal naive" if "seasonal naive" in test.forecasts else "naive"
    for number, row in enumerate(shown):
        times = series.times[test.origins[row] : test.origins[row] + test.horizon]
        names = (best_naive, method) if number == 0 else ("", "")
        ax.plot(times, test.forecasts[best_naive][row], color=_NAIVE, linewidth=1.1, linestyle="--", label=names[0])
        ax.plot(times, test.forecasts[method][row], color=_FORECAST, linewidth=1.8, label=names[1])
        ax.axvline(times[0], color=_ORIGIN, linewidth=0.8, linestyle=":")
    count = "" if len(shown) == len(test.origins) else f"; {len(shown)} of {len(test.origins)} forecasts drawn"
    (first,) = series.labels(series.times[test.origins[:1]])
    ax.set_title(f"backtest: trained on what lies before {first}{count}", loc="left", fontsize=11)


def _shown(test: Backtest, n: int) -> list[int]:
    """Rows of the forecasts to draw, the last first: few enough, and so far apart, that none hides another."""
    rows: list[int] = []
    end = n
    for row in range(len(test.origins) - 1, -1, -1):
        origin = int(test.origins[row])
        if origin + test.horizon <= end and (not rows or origin >= n - max(_MOST_POINTS, 4 * test.horizon)):
            rows.append(row)
            end = origin
    return rows


def _dress(ax: Axes, series: Series) -> None:
    ax.set_ylabel(plain(series.target))
    ax.set_xlabel(plain(series.time))
    ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.01)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.14 * (high - low))  # room for the legend
    if series.times.dtype.kind == "M":
        from matplotlib.dates import ConciseDateFormatter

        left, right = ax.get_xlim()
        ax.set_xlim(max(left, _FIRST_DAY), min(right, _LAST_DAY))
        ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))
    ax.legend(loc="upper left", frameon=False, ncols=3, fontsize=9)
