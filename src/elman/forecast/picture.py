"""The picture of forecasts: history, what comes next and how far that may be off, and the backtest beside it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.forecast.backtest import Backtest
from elman.forecast.backtest_picture import draw_backtest
from elman.forecast.bands import draw_bands
from elman.forecast.forecasts import Forecast
from elman.plots.style import MUTED, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SERIES = 4  # in one picture


def draw(name: str, forecast: Forecast, test: Backtest | None) -> Figure:
    """Draw forecasts.

    Parameters
    ----------
    name : str
        Of the data.
    forecast : Forecast
        Of many series a few are drawn, from the best to the worst by the backtest.
    test : Backtest, optional
        Drawn in panels of their own, each forecast beside what happened.

    Returns
    -------
    matplotlib Figure
        Made without pyplot, so that no window opens and no state is kept.
    """
    from matplotlib.figure import Figure

    if len(forecast) == 1:
        panels = 1 if test is None else 2
        figure = Figure(figsize=(10, 3.4 * panels + 0.4), dpi=110, layout="constrained")
        grid = figure.subplots(panels, squeeze=False).reshape(1, panels)
    else:
        rows = min(len(forecast), MOST_SERIES)
        panels = 1 if test is None else 2
        figure = Figure(figsize=(6.5 * panels, 2.7 * rows + 0.4), dpi=100, layout="constrained")
        grid = figure.subplots(rows, panels, squeeze=False)
        figure.suptitle(_heading(name, forecast, rows, test), x=0.01, ha="left", fontsize=12)
    for row, number in zip(grid, chosen(forecast, test), strict=True):
        draw_bands(forecast.take([number]), row[0])
        if len(forecast) == 1:
            row[0].set_title(plain(f"{name}: {_ahead(forecast)}"), loc="left", fontsize=11)
        if test is not None:
            _draw_test_of(test, forecast.names[number], row[1])
    return figure


def render(figure: Figure) -> bytes:
    """A figure as PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _heading(name: str, forecast: Forecast, rows: int, test: Backtest | None) -> str:
    which = "" if rows == len(forecast) else f"; {rows} of {len(forecast)} series"
    how = ", from the best to the worst by MASE" if test is not None and which else ""
    return plain(f"{name}: {_ahead(forecast)}{which}{how}")


def _ahead(forecast: Forecast) -> str:
    return f"{forecast.horizon} step{'s' * (forecast.horizon > 1)} ahead"


def chosen(forecast: Forecast, test: Backtest | None, most: int = MOST_SERIES) -> list[int]:
    """Numbers of the series to draw: all of few, else from the best to the worst of those that were tested."""
    if len(forecast) <= most:
        return list(range(len(forecast)))
    order = np.arange(len(forecast))
    if test is not None and len(test.collection) >= most:
        scores = test.scores["elman"]["MASE"].by_series
        place = {name: number for number, name in enumerate(forecast.names)}
        ranked = [test.collection.names[s] for s in np.argsort(np.nan_to_num(scores, nan=np.inf), kind="stable")]
        order = np.array([place[one] for one in ranked])
    return order[np.linspace(0, len(order) - 1, most).round().astype(int)].tolist()


def _draw_test_of(test: Backtest, name: Any, ax: Axes) -> None:
    """The backtest of a series, or that there is none."""
    if name in test.collection.names:
        draw_backtest(test, test.collection.names.index(name), ax)
        return
    ax.set_axis_off()
    ax.text(0.02, 0.5, "too short for the backtest", color=MUTED)
