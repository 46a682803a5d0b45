"""The picture of a backtest of one series: forecasts beside what happened and beside the best simple method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from elman.data.collection import Collection
from elman.forecast.bands import draw_recorded, on_dates
from elman.forecast.scores import Score
from elman.plots.style import BLUE, MUTED, RED, axes, dress, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_POINTS = 420  # of history; more would hide the forecasts


class Tested(Protocol):
    """What is drawn of an `elman.forecast.Backtest`."""

    @property
    def collection(self) -> Collection: ...
    @property
    def origins(self) -> np.ndarray: ...
    @property
    def forecasts(self) -> Mapping[str, np.ndarray]: ...
    @property
    def intervals(self) -> Mapping[float, tuple[np.ndarray, np.ndarray]]: ...
    @property
    def refitted(self) -> bool: ...
    @property
    def horizon(self) -> int: ...
    @property
    def scores(self) -> Mapping[str, Mapping[str, Score]]: ...
    @property
    def best_rival(self) -> str: ...


def draw_backtest(test: Tested, number: int = 0, ax: Axes | None = None) -> Axes:
    """Draw the forecasts of one series beside what happened and beside the best simple method.

    Parameters
    ----------
    test : Tested
    number : int, default 0
        Of the series.
    ax : matplotlib Axes, optional
        By default new ones.
    """
    ax = axes(ax)
    values, times = test.collection.series(number), test.collection.times_of(number)
    n, H, rival = len(values), test.horizon, test.best_rival
    shown = shown_origins(test)
    before = max(n - int(test.origins[shown[-1]]) - max(2 * H, 24), 0)
    draw_recorded(ax, times[before:], values[before:])
    level = min(test.intervals, default=None)
    for place, row in enumerate(shown):
        first = n - int(test.origins[row])
        ahead = times[first : first + H]
        names = (
            (rival, "elman", f"{level:g} %")
            if place == 0 and level
            else (rival, "elman", "")
            if not place
            else ("", "", "")
        )
        if level is not None:
            low, high = (bound[number, row] for bound in test.intervals[level])
            ax.fill_between(ahead, low, high, color=BLUE, alpha=0.16, linewidth=0, label=names[2])
        ax.plot(ahead, test.forecasts[rival][number, row], color=RED, linewidth=1.1, linestyle="--", label=names[0])
        ax.plot(ahead, test.forecasts["elman"][number, row], color=BLUE, linewidth=1.8, label=names[1])
        ax.axvline(ahead[0], color=MUTED, linewidth=0.8, linestyle=":")
    on_dates(ax, times)
    ax.set_title(_title(test, number, len(shown)), loc="left", fontsize=10)
    form = test.collection.form
    return dress(ax, plain(form.time), plain(form.target))


def _title(test: Tested, number: int, shown: int) -> str:
    score = float(test.scores["elman"]["MASE"].by_series[number])
    mase = f", MASE {score:.3g}" if np.isfinite(score) else ""
    count = "" if shown == len(test.origins) else f"; {shown} of {len(test.origins)} forecasts drawn"
    if len(test.collection) > 1:
        return f"backtest{mase}"
    times = test.collection.times_of(number)
    (first,) = test.collection.notation.labels(times[len(times) - test.origins[:1]])
    how = "refitted at each" if test.refitted else f"trained before {first}"
    return plain(f"backtest{mase}: {how}{count}")


def shown_origins(test: Tested) -> list[int]:
    """Rows of the forecasts to draw, the last first: few enough, and so far apart, that none hides another."""
    rows: list[int] = []
    end = 0
    for row in range(len(test.origins) - 1, -1, -1):
        origin = int(test.origins[row])
        if origin - test.horizon >= end and (not rows or origin <= max(_MOST_POINTS, 4 * test.horizon)):
            rows.append(row)
            end = origin
    return rows
