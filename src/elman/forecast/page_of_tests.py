"""What a page says of the backtest: scores, by step and by series, intervals, residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.data.names import number, series_name
from elman.forecast.backtest import SHOWN, Backtest
from elman.forecast.pointwise import errors
from elman.forecast.words import coverage_in_words, tested_in_words
from elman.insight.report import Section
from elman.plots.style import BLUE, CYCLE, INK, MUTED, dots, dress, new_figure, plain_decades, whole_numbers

MOST_ROWS = 12  # of the table of series
MOST_DOTS = 4000  # of a picture of residuals


def scores(name: str, test: Backtest) -> Section:
    """The table, the verdict, and errors by step."""
    rows = [["method", *SHOWN, "RMSSE"]]
    for method, found in test.scores.items():
        rows.append([method, *(number(float(found[m])) for m in (*SHOWN, "RMSSE"))])
    figure = new_figure()
    ax = figure.add_subplot()
    steps = np.arange(1, test.horizon + 1)
    metric = _metric(test)
    for place, (method, found) in enumerate(test.scores.items()):
        line: dict[str, Any] = {"linewidth": 2.2, "zorder": 3} if method == "elman" else {"linewidth": 1.1}
        by_step = found[metric].by_horizon
        ax.plot(steps, by_step, color=CYCLE[place % len(CYCLE)], label=method, **line, **dots(by_step))
    whole_numbers(ax.xaxis)
    ax.set_ylim(bottom=0)
    dress(ax, "steps ahead", metric)
    return Section("Backtest", f"{tested_in_words(name, test)} {test.verdict()}.", rows, figure)


def _metric(test: Backtest) -> str:
    return "MASE" if np.isfinite(float(test.scores["elman"]["MASE"])) else "MAE"


def by_series(name: str, test: Backtest) -> Section | None:
    """The series that are forecast worst, and each beside the best simple method."""
    if len(test.collection) == 1 or _metric(test) == "MAE":
        return None
    rival = test.best_rival
    ours, theirs = (test.scores[method]["MASE"].by_series for method in ("elman", rival))
    known = np.flatnonzero(np.isfinite(ours) & np.isfinite(theirs))
    if not len(known):
        return None
    better = int(np.sum(ours[known] < theirs[known]))
    text = f"elman has a lower MASE than {rival} in {better} of {len(known)} series (points below the line)."
    order = known[np.argsort(-ours[known], kind="stable")]
    rows = [["series", "MASE", rival]]
    rows += [[series_name(test.collection.names[s]), number(ours[s]), number(theirs[s])] for s in order[:MOST_ROWS]]
    text += f" The {len(rows) - 1} that are forecast worst:" if len(order) > MOST_ROWS else ""
    figure = new_figure(4.8, 4.4)
    ax = figure.add_subplot()
    both = np.concatenate([ours[known], theirs[known]])
    ends = [max(both[both > 0].min(initial=1.0) * 0.8, both.max() * 1e-3), both.max() * 1.25 or 1.0]
    ax.plot(ends, ends, color=MUTED, linewidth=1)
    ax.plot(theirs[known], ours[known], "o", color=BLUE, markersize=4, alpha=0.6)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
    for axis in (ax.xaxis, ax.yaxis):
        plain_decades(axis)
    dress(ax, f"MASE of {rival}", "MASE of elman")
    return Section("Backtest by series", text, rows, figure)


def intervals(name: str, test: Backtest) -> Section | None:
    """How many values lay within intervals, overall and by step."""
    if not test.intervals:
        return Section("Intervals", "None in the backtest: before it, no series is long enough to hold values back.")
    found = test.scores["elman"]
    rows = [["level", "held", "mean width (scaled)", "interval score (scaled)"]]
    figure = new_figure()
    ax = figure.add_subplot()
    steps = np.arange(1, test.horizon + 1)
    for place, level in enumerate(sorted(test.intervals)):
        parts = [float(found[f"{what} {level:g}"]) for what in ("coverage", "width", "interval score")]
        rows.append([f"{level:g} %", f"{100 * parts[0]:.1f} %", number(parts[1]), number(parts[2])])
        held = 100 * found[f"coverage {level:g}"].by_horizon
        ax.plot(steps, held, color=CYCLE[place], linewidth=1.6, label=f"{level:g} %", **dots(held))
        ax.axhline(level, color=CYCLE[place], linewidth=1, linestyle=":")
    ax.set_ylim(0, 103)
    whole_numbers(ax.xaxis)
    dress(ax, "steps ahead", "values held, %")
    return Section("Intervals", " ".join(coverage_in_words(test)), rows, figure)


def residuals(name: str, test: Backtest) -> Section | None:
    """What happened less what was forecast."""
    missed = errors(test.actual, test.forecasts["elman"])
    several = len(test.collection) > 1
    if several:
        scale = np.where(np.isfinite(test.scales) & (test.scales > 0), test.scales, np.nan)
        missed = missed / scale[:, None, None]
    known = missed[np.isfinite(missed)]
    if not len(known):
        return None
    method = "naive" if np.all(test.season == 1) else "seasonal naive"
    unit = f"in units of what {method} errs by before the backtest" if several else "in the units of the series"
    low = 100 * float(np.mean(known > 0))
    largest = float(np.abs(known).max()) or 1.0  # whose square float64 may not hold
    spread = largest * float((known / largest).std())
    text = (
        f"What happened less what was forecast, {unit}: mean {known.mean():+.3g}, median {np.median(known):+.3g}, "
        f"standard deviation {spread:.3g}; {low:.0f} % of the values lay above their forecast, 50 % would be even."
    )
    figure = new_figure()
    left, right = figure.subplots(1, 2, width_ratios=[2, 1], sharey=True)
    _by_step(left, missed)
    right.hist(np.clip(known, *_ends(known)), bins=25, orientation="horizontal", color=BLUE, alpha=0.5)
    right.axhline(0, color=INK, linewidth=0.8)
    dress(right, "values", "", legend=False)
    return Section("Residuals", text, figure=figure)


def _ends(known: np.ndarray) -> tuple[float, float]:
    """Where a picture ends: a few values far away are drawn at its border."""
    low, high = np.quantile(known, [0.005, 0.995])
    spread = high - low
    return float(low - 0.2 * spread), float(high + 0.2 * spread)


def _by_step(ax: Any, missed: np.ndarray) -> None:
    """Each residual over its step, and the mean of each step."""
    flat = missed.reshape(-1, missed.shape[2])
    steps = np.broadcast_to(np.arange(1, flat.shape[1] + 1), flat.shape)
    known = np.isfinite(flat)
    y, x = flat[known], steps[known]
    low, high = _ends(y)
    thin = max(len(y) // MOST_DOTS, 1)
    ax.plot(x[::thin], np.clip(y, low, high)[::thin], ".", color=MUTED, markersize=4, alpha=0.5, label="residuals")
    means = np.where(known.any(0), np.where(known, flat, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)
    ax.plot(steps[0], means, color=BLUE, linewidth=1.8, label="mean", **dots(means))
    ax.axhline(0, color=INK, linewidth=0.8)
    whole_numbers(ax.xaxis)
    dress(ax, "steps ahead", "actual - forecast")


TESTED = (scores, by_series, intervals, residuals)
