"""Pictures of what an estimator of sequences learnt and said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.classify.judging import Judged, JudgedClasses, JudgedNumbers
from elman.classify.looking import Thoughts
from elman.classify.report import RegressionReport
from elman.classify.report_picture import draw_numbers
from elman.data.names import four_digits, series_name
from elman.plots.style import BLUE, CYCLE, MUTED, RED, dots, dress, new_figure, plain, short, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CHANNELS = 3  # drawn of a case
MOST_CURVES = 4  # classes of a case that are drawn over time
SHORT = 18  # letters of a class along an axis


def draw_said_and_true(report: RegressionReport) -> Figure:
    """What was said beside what is true, and the errors' histogram."""
    figure = new_figure(7.5, 3.6)
    left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
    draw_numbers(report.truth, report.predicted, left)
    left.set(aspect="equal", xlabel="true", ylabel="said")
    left.locator_params(nbins=5)
    errors = report.predicted - report.truth
    right.hist(errors, bins="auto" if len(errors) > 4 else 5, color=BLUE, alpha=0.7)
    right.axvline(0, color=MUTED, linewidth=1)
    right.locator_params(axis="x", nbins=5)
    whole_numbers(right.yaxis)
    dress(right, "said less true", "cases")
    return figure


def draw_learning(histories: Sequence[dict[str, list[float]]]) -> Figure | None:
    """Losses and accuracies over the epochs, a line for each network; None where no training told any."""
    told = [history for history in histories if history.get("loss")]
    if not told:
        return None
    second = "accuracy" if "accuracy" in told[0] else None
    figure = new_figure(7.5, 2.9)
    panels = figure.subplots(1, 2 if second else 1, squeeze=False)[0]
    for ax, metric in zip(panels, filter(None, ("loss", second)), strict=True):
        for name, colour, words in ((metric, BLUE, "learnt from"), (f"val_{metric}", RED, "held out")):
            for number, history in enumerate(told):
                if name in history:
                    curve = np.array(history[name])
                    label = words if number == 0 else None
                    style: dict[str, Any] = {"linewidth": 1.4, "alpha": 0.85} | dots(curve)
                    ax.plot(np.arange(1, len(curve) + 1), curve, color=colour, label=label, **style)
        ax.set_ylim(bottom=0) if metric == "loss" else ax.set_ylim(top=1.02)
        whole_numbers(ax.xaxis)
        dress(ax, "epoch", metric)
    return figure


def draw_over_time(classes: np.ndarray, shares: np.ndarray, over: dict[int, np.ndarray]) -> Figure:
    """How likely the class that came was after each share of the sequences, a line for each class."""
    figure = new_figure(7.5, 3.2)
    ax = figure.add_subplot()
    for place, (number, curve) in enumerate(over.items()):
        name = _short(classes[number])
        ax.plot(100 * shares, curve, color=CYCLE[place % len(CYCLE)], label=name, linewidth=1.5)
    ax.set(xlim=(0, 100), ylim=(0, 1.03))
    dress(ax, "share of the sequence that was read, %", "mean probability of the right class")
    return figure


def draw_cases(
    judged: Judged, numbers: Sequence[int], attributed: Sequence[np.ndarray], over: Sequence[Thoughts]
) -> Figure:
    """Cases one below another: their values, coloured by what spoke for and against, and what was thought over time.

    Parameters
    ----------
    judged : Judged
    numbers : sequence of int
        Of the cases.
    attributed : sequence of ndarray, each of shape (T_n, F)
        What each value adds to the output.
    over : sequence of Thoughts
        Empty for numbers.
    """
    figure = new_figure(9.0 if over else 7.5, 1.75 * len(numbers) + 0.7)
    grid = figure.subplots(len(numbers), 2 if over else 1, squeeze=False, width_ratios=[1.9, 1] if over else [1])
    last = None
    for row, (number, added) in enumerate(zip(numbers, attributed, strict=True)):
        last = _draw_case(judged, number, added, grid[row, 0], row == len(numbers) - 1)
        if over:
            assert isinstance(judged, JudgedClasses)
            _draw_thoughts(judged, number, over[row], grid[row, 1], row == len(numbers) - 1)
    if last is not None:
        bar = figure.colorbar(
            last, ax=list(grid[:, 0]), location="top", shrink=0.45, aspect=40, pad=0.01, anchor=(0, 0)
        )
        bar.set_ticks(
            [-1, 0, 1],
            labels=["lowered", "what was said", "raised"]
            if isinstance(judged, JudgedNumbers)
            else ["against", "what was said", "for"],
        )
        bar.ax.tick_params(length=0, labelsize=9)
        bar.outline.set_visible(False)
    return figure


def _draw_case(judged: Judged, number: int, added: np.ndarray, ax: Axes, last: bool) -> Any:
    """The channels that matter most, of a case; each between 0 and 1, one above another, where there are several."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize

    cases = judged.cases
    length = int(cases.lengths[number])
    values = cases.values[number, :length]
    chosen = np.sort(np.argsort(-np.abs(added).sum(axis=0), kind="stable")[:MOST_CHANNELS])
    most = float(np.abs(added[:, chosen]).max()) or 1.0
    steps, drawn = np.arange(1, length + 1), None
    for place, channel in enumerate(chosen):
        curve = values[:, channel]
        if len(chosen) > 1:
            curve = (len(chosen) - 1 - place) * 1.15 + _between_0_and_1(curve)
        ax.plot(steps, curve, color="#d0d0d0", linewidth=3.2, solid_capstyle="round", **_lonely(curve))
        points = np.column_stack([steps, curve])
        strength = (added[1:, channel] + added[:-1, channel]) / 2 / most if length > 1 else added[:, channel] / most
        drawn = LineCollection(
            list(np.stack([points[:-1], points[1:]], axis=1)), cmap="coolwarm", norm=Normalize(-1, 1), linewidths=2.0
        )
        drawn.set_array(strength)
        ax.add_collection(drawn)
    if len(chosen) > 1:
        ax.set_yticks(
            [(len(chosen) - 1 - place) * 1.15 + 0.5 for place in range(len(chosen))],
            [_short(cases.channels[channel]) for channel in chosen],
            fontsize=8,
        )
        ax.tick_params(axis="y", length=0)
    ax.set_title(_title(judged, number), loc="left", fontsize=9)
    whole_numbers(ax.xaxis)
    dress(ax, "step" if last else "", "", legend=False)
    return drawn


def _lonely(curve: np.ndarray) -> dict[str, Any]:
    """Dots where values are so far between gaps that a line would not show them."""
    known = np.isfinite(curve)
    joined = (known[1:] & known[:-1]).any() if len(curve) > 1 else False
    return {} if joined else {"marker": "o", "markersize": 3}


def _draw_thoughts(judged: JudgedClasses, number: int, told: Thoughts, ax: Axes, last: bool) -> None:
    """Probabilities after each step, of the classes that were ever the likeliest or came."""
    names, curves = judged.model.classes_.tolist(), told.probabilities
    order = [int(place) for place in np.argsort(-curves.max(axis=0), kind="stable")[:MOST_CURVES]]
    came = -1 if judged.truth is None else int(judged.truth[number])
    if came >= 0 and came not in order:
        order[-1] = came
    for rank, place in enumerate(order):
        colour = CYCLE[place if len(names) <= len(CYCLE) else rank]
        heavy = 2.0 if place == came else 1.2
        curve = curves[:, place]
        ax.plot(told.steps, curve, color=colour, linewidth=heavy, label=_short(names[place], 10), **_lonely(curve))
    ax.set_ylim(-0.03, 1.03)
    whole_numbers(ax.xaxis)
    ax.locator_params(axis="x", nbins=5)
    dress(ax, "step" if last else "", "probability", legend=False)
    ax.legend(
        loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, handlelength=1.2, labelspacing=0.2
    )


def _title(judged: Judged, number: int) -> str:
    name = series_name(judged.cases.names[number])
    if isinstance(judged, JudgedNumbers):
        said = f"case {name}: said {four_digits(float(judged.predicted[number]))}"
        true = "" if judged.report is None else f", is {four_digits(float(judged.report.truth[number]))}"
        return plain(f"{said}{true}")
    sure = 100 * float(judged.probabilities[number].max())
    said = f"case {plain(name)}: said {_short(judged.predicted[number])} ({sure:.0f} %)"
    if judged.cases.labels is None:
        return said
    return f"{said}, is {_short(judged.cases.labels[number])} ({100 * float(judged.sure[number]):.0f} %)"


def _between_0_and_1(curve: np.ndarray) -> np.ndarray:
    known = curve[np.isfinite(curve)]
    if not len(known):
        return curve
    spread = float(np.ptp(known))
    return (curve - known.min()) / spread if spread else curve - known.min() + 0.5


def _short(name: Any, most: int = SHORT) -> str:
    return short(series_name(name), most)
