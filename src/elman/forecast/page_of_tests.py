"""What a page says of the backtest: scores, by step and by series, intervals, residuals."""

from __future__ import annotations

import numpy as np

from elman.data.names import number, series_name
from elman.forecast.backtest import SHOWN, Backtest
from elman.forecast.page_charts import by_method
from elman.forecast.pointwise import errors
from elman.forecast.words import coverage_in_words, tested_in_words
from elman.plots.page import GREY, INK, Axis, Bars, Chart, Dots, Layer, Line, Rule, Section

MOST_ROWS = 12  # of the table of series
MOST_DOTS = 4000  # of a picture of residuals


def scores(name: str, test: Backtest) -> Section:
    """The table, the verdict, and errors by step."""
    rows = [["method", *SHOWN, "RMSSE"]]
    for method, found in test.scores.items():
        rows.append([method, *(number(float(found[m])) for m in (*SHOWN, "RMSSE"))])
    metric = _metric(test)
    chart = by_method({method: found[metric].by_horizon for method, found in test.scores.items()}, metric)
    return Section("Backtest", f"{tested_in_words(name, test)} {test.verdict()}.", rows, [chart])


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
    return Section("Backtest by series", text, rows, [_beside(test, known, ours, theirs)])


def _beside(test: Backtest, known: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> Chart:
    """Each series as a dot: below the diagonal elman is better."""
    names = [series_name(test.collection.names[s]) for s in known]
    both = np.concatenate([ours[known], theirs[known]])
    ends = {"low": max(both[both > 0].min(initial=1.0) * 0.8, both.max() * 1e-3), "high": both.max() * 1.25 or 1.0}
    x, y = (Axis(f"MASE of {method}", log=True, **ends) for method in (test.best_rival, "elman"))
    return Chart("", [Rule(""), Dots("", theirs[known], ours[known], 0, 8, names=names)], x, y, square=True)


def intervals(name: str, test: Backtest) -> Section | None:
    """How many values lay within intervals, overall and by step."""
    if not test.intervals:
        return Section("Intervals", "None in the backtest: before it, no series is long enough to hold values back.")
    found = test.scores["elman"]
    rows = [["level", "held", "mean width (scaled)", "interval score (scaled)"]]
    layers: list[Layer] = []
    steps = np.arange(1, test.horizon + 1)
    for place, level in enumerate(sorted(test.intervals)):
        parts = [float(found[f"{what} {level:g}"]) for what in ("coverage", "width", "interval score")]
        rows.append([f"{level:g} %", f"{100 * parts[0]:.1f} %", number(parts[1]), number(parts[2])])
        held = 100 * found[f"coverage {level:g}"].by_horizon
        layers += [Rule("", y=level, colour=place), Line(f"{level:g} %", steps, held, place, dots=len(held) <= 30)]
    chart = Chart("", layers, Axis("steps ahead", whole=True), Axis("values held, %", low=0, high=103))
    return Section("Intervals", " ".join(coverage_in_words(test)), rows, [chart])


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
    charts = [_by_step(missed, _ends(known)), _spread(known)]
    return Section("Residuals", text, charts=charts)


def _ends(known: np.ndarray) -> tuple[float, float]:
    """Where a picture ends: a few values far away are drawn at its border."""
    low, high = np.quantile(known, [0.005, 0.995])
    spread = high - low
    return float(low - 0.2 * spread), float(high + 0.2 * spread)


def _by_step(missed: np.ndarray, ends: tuple[float, float]) -> Chart:
    """Each residual over its step, and the mean of each step."""
    flat = missed.reshape(-1, missed.shape[2])
    steps = np.broadcast_to(np.arange(1, flat.shape[1] + 1), flat.shape)
    known = np.isfinite(flat)
    thin = max(int(known.sum()) // MOST_DOTS, 1)
    means = np.where(known.any(0), np.where(known, flat, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)
    layers: list[Layer] = [
        Rule("", y=0.0, dash=False),
        Dots("residuals", steps[known][::thin], np.clip(flat[known], *ends)[::thin], GREY, 5, faint=True),
        Line("mean", steps[0], means, 0, dots=len(means) <= 30),
    ]
    about = f"One of {thin} residuals is drawn." if thin > 1 else ""
    return Chart("By step", layers, Axis("steps ahead", whole=True), Axis("actual - forecast"), about, half=True)


def _spread(known: np.ndarray) -> Chart:
    """How many residuals are of each size; a few that lie far away are counted at the borders."""
    counts, edges = np.histogram(np.clip(known, *_ends(known)), bins=25)
    layers: list[Layer] = [Bars("", edges, counts), Rule("", x=0.0, colour=INK, dash=False)]
    return Chart("By size", layers, Axis("actual - forecast"), Axis("values", low=0, whole=True), half=True)


TESTED = (scores, by_series, intervals, residuals)
