"""Charts of a page about an estimator of sequences: what it mistook, why, and how it learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.classify.judging import Judged, JudgedClasses, JudgedNumbers
from elman.classify.looking import Thoughts
from elman.classify.report import ClassificationReport, RegressionReport
from elman.data.names import four_digits, series_name
from elman.plots.page import COLOURS, GREY, INK, Axis, Bars, Chart, Choice, Dots, Layer, Line, Rule, heat

MOST_CHANNELS = 3  # drawn of a case
MOST_CURVES = 4  # classes of a case that are drawn over time
FEW = 30  # values that are seen as dots
WITHIN = 0.9  # of the place that a channel has, beside others


def confusion_chart(report: ClassificationReport) -> Chart:
    """The colour is the share of the true class, the number counts cases."""
    names = [series_name(name) for name in report.classes.tolist()]
    shares = 100 * report.confusion / np.maximum(report.confusion.sum(1, keepdims=True), 1)
    said, true = Axis("predicted", names=names), Axis("true", names=names)
    tall, wide = min(max(30 * len(names) + 66, 190), 720), 220 + 110 * len(names)
    return heat(
        "", shares, said, true, counts=report.confusion, unit="% of the true class", most=100.0, height=tall, wide=wide
    )


def numbers_charts(report: RegressionReport, names: Sequence[Any]) -> list[Chart]:
    """What was said beside what is true, and the errors by size."""
    named = [f"case {series_name(name)}" for name in names]
    dots = Dots("", report.truth, report.predicted, 0, 7, names=named)
    beside = Chart("Said and true", [Rule(""), dots], Axis("true"), Axis("said"), height=320, half=True)
    errors = report.predicted - report.truth
    counts, edges = np.histogram(errors, bins="auto" if len(errors) > 4 else 5)
    bars: list[Layer] = [Bars("", edges, counts), Rule("", x=0.0, colour=INK, dash=False)]
    by_size = Chart("Errors", bars, Axis("said less true"), Axis("cases", low=0, whole=True), height=320, half=True)
    return [beside, by_size]


def learning_charts(histories: Sequence[dict[str, list[float]]]) -> list[Chart]:
    """Losses and accuracies over the epochs, a line for each network; none where no training told any."""
    told = [history for history in histories if history.get("loss")]
    metrics = ["loss", *(["accuracy"] if told and "accuracy" in told[0] else [])] if told else []
    return [_learning(told, metric, half=len(metrics) > 1) for metric in metrics]


def _learning(told: Sequence[dict[str, list[float]]], metric: str, *, half: bool) -> Chart:
    layers: list[Layer] = []
    for name, colour, words in ((metric, 0, "learnt from"), (f"val_{metric}", 1, "held out")):
        for number, history in enumerate(told):
            if name in history:
                curve = np.array(history[name])
                which = f" by network {number + 1}" if len(told) > 1 else ""
                epochs = np.arange(1, len(curve) + 1)
                layers.append(Line(f"{words}{which}", epochs, curve, colour, dots=len(curve) <= FEW))
    y = Axis(metric, low=0.0) if metric == "loss" else Axis(metric, high=1.02)
    return Chart(metric, layers, Axis("epoch", whole=True), y, half=half)


def over_time_chart(classes: np.ndarray, shares: np.ndarray, over: dict[int, np.ndarray]) -> Chart:
    """How likely the class that came was after each share of the sequences, a line for each class."""
    lines: list[Layer] = [
        Line(series_name(classes[number]), 100 * shares, curve, place % COLOURS)
        for place, (number, curve) in enumerate(over.items())
    ]
    x = Axis("share of the sequence that was read, %", low=0, high=100)
    return Chart("", lines, x, Axis("mean probability of the right class", low=0, high=1.03))


def cases_charts(
    judged: Judged, numbers: Sequence[int], attributed: Sequence[np.ndarray], over: Sequence[Thoughts]
) -> list[Choice]:
    """Cases to choose from: their values, coloured by what spoke for and against, and what was thought over time.

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
    sets = []
    for place, (number, added) in enumerate(zip(numbers, attributed, strict=True)):
        charts = [_case(judged, number, added, half=bool(over))]
        if over:
            assert isinstance(judged, JudgedClasses)
            charts.append(_thoughts(judged, number, over[place]))
        sets.append((case_in_words(judged, number), charts))
    return [Choice("Case", sets)] if sets else []


def _case(judged: Judged, number: int, added: np.ndarray, *, half: bool) -> Chart:
    """The channels that matter most of a case; each in a place of its own, one above another, where there are some."""
    cases = judged.cases
    length = int(cases.lengths[number])
    values = cases.values[number, :length]
    chosen = np.sort(np.argsort(-np.abs(added).sum(axis=0), kind="stable")[:MOST_CHANNELS])
    most = float(np.abs(added[:, chosen]).max()) or 1.0
    layers: list[Layer] = []
    for place, channel in enumerate(chosen):
        name, curve = series_name(cases.channels[channel]), values[:, channel]
        if len(chosen) > 1:
            curve = len(chosen) - 1 - place + WITHIN * (_between_0_and_1(curve) - 0.5)
        tint, read, steps = added[:, channel] / most, values[:, channel], np.arange(1, length + 1)
        layers.append(Line(name, steps, curve, GREY, tint=tint, read=read, dots=_is_lonely(curve)))
    names = [series_name(cases.channels[channel]) for channel in chosen[::-1]]
    y = Axis("channel", names=names) if len(chosen) > 1 else Axis(names[0])
    return Chart(case_in_words(judged, number), layers, Axis("step", whole=True), y, height=260, half=half)


def _is_lonely(curve: np.ndarray) -> bool:
    """Whether values are so far between gaps that a line would not show them."""
    known = np.isfinite(curve)
    return len(curve) < 2 or not (known[1:] & known[:-1]).any()


def _thoughts(judged: JudgedClasses, number: int, told: Thoughts) -> Chart:
    """Probabilities after each step, of the classes that were ever the likeliest or came."""
    names, curves = judged.model.classes_.tolist(), told.probabilities
    order = [int(place) for place in np.argsort(-curves.max(axis=0), kind="stable")[:MOST_CURVES]]
    came = -1 if judged.truth is None else int(judged.truth[number])
    if came >= 0 and came not in order:
        order[-1] = came
    lines: list[Layer] = [
        Line(
            series_name(names[place]), told.steps, curves[:, place], place if len(names) <= COLOURS else rank,
            heavy=place == came, dots=len(told.steps) < 2,
        )
        for rank, place in enumerate(order)
    ]  # fmt: skip
    return Chart(
        "What it thought", lines, Axis("step", whole=True), Axis("probability", low=-0.03, high=1.03), half=True
    )


def case_in_words(judged: Judged, number: int) -> str:
    """A case, what was said of it, and what it is."""
    name = series_name(judged.cases.names[number])
    if isinstance(judged, JudgedNumbers):
        said = f"{name}: said {four_digits(float(judged.predicted[number]))}"
        return said if judged.report is None else f"{said}, is {four_digits(float(judged.report.truth[number]))}"
    sure = 100 * float(judged.probabilities[number].max())
    said = f"{name}: said {series_name(judged.predicted[number])} ({sure:.0f} %)"
    if judged.cases.labels is None:
        return said
    return f"{said}, is {series_name(judged.cases.labels[number])} ({100 * float(judged.sure[number]):.0f} %)"


def _between_0_and_1(curve: np.ndarray) -> np.ndarray:
    known = curve[np.isfinite(curve)]
    if not len(known):
        return curve
    spread = float(np.ptp(known))
    return (curve - known.min()) / spread if spread else curve - known.min() + 0.5
