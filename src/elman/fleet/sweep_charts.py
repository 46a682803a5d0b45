"""Charts of a sweep on a page: scores as they came, and over the values of each parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.fleet.sweep_picture import MOST, apart, near_ones
from elman.fleet.sweep_results import Sweep
from elman.fleet.sweep_tried import Tried
from elman.fleet.sweep_values import as_label
from elman.plots.page import Axis, Chart, Dots, Layer, Line, Rule, Spans

STROKE = 0.34  # half the length of the stroke at a value's mean


def course_chart(found: Sweep) -> Chart:
    """Settings in the order in which they were begun, the best so far, and those that failed."""
    whole = [one for one in found.tried if len(one.scores) == len(found.seeds)]
    numbers, means = np.array([one.number for one in whole]), np.array([one.mean for one in whole])
    best = np.maximum.accumulate(means) if found.higher_is_better else np.minimum.accumulate(means)
    layers = [*_baseline(found), Line("best so far", numbers, best, 1, steps=True), *_dots(found, numbers, whole)]
    y = _scores_axis(found)
    if failed := [one for one in found.tried if one.failed]:
        floor = float(np.nanmin(means)) if y.low is None else float(y.low)
        names = [f"setting {one.number}: {one.words} failed: {one.failed[0].error}" for one in failed]
        at = np.array([one.number for one in failed])
        layers.append(Dots("failed", at, np.full(len(at), floor), 6, 9, names=names))
    return Chart("Scores as they came", layers, Axis("setting", whole=True), y)


def parameter_charts(found: Sweep) -> list[Chart]:
    """A chart for each parameter, the one that explains most first."""
    return [_parameter(found, effect.parameter) for effect in found.effects()[:MOST]]


def _parameter(found: Sweep, name: str) -> Chart:
    """Scores over the values of a parameter; a stroke is the mean of a value that was listed."""
    space = found.about.identity["space"][name]
    values = [one.settings[name] for one in found.ranked]
    if not isinstance(space, list):
        at = np.array(values, float)
        layers = [*_baseline(found), *_dots(found, at, found.ranked)]
        return Chart(name, layers, Axis(name, log=bool(space["log"])), _scores_axis(found), half=True)
    labels = list(map(as_label, space))
    places = np.array([labels.index(as_label(value)) for value in values], float)
    means = _means(found.ranked, places)
    at, heights = np.array(list(means)), np.array(list(means.values()))
    strokes = Spans("", heights, at - STROKE, at + STROKE, 1, level=True)
    layers = [*_baseline(found), strokes, *_dots(found, places + apart(places), found.ranked)]
    return Chart(name, layers, Axis(name, names=labels), _scores_axis(found), half=True)


def _means(settings: Sequence[Tried], places: np.ndarray) -> dict[float, float]:
    scores = np.array([one.mean for one in settings])
    return {float(place): float(scores[places == place].mean()) for place in np.unique(places)}


def _dots(found: Sweep, at: np.ndarray, settings: Sequence[Tried]) -> list[Layer]:
    """A dot a setting, with the range of its seeds."""
    means = np.array([one.mean for one in settings])
    names = [f"setting {one.number}: {one.words}" for one in settings]
    dots = Dots("settings", at, means, 0, 8, names=names)
    if len(found.seeds) < 2:
        return [dots]
    ends: list[Any] = [[end(one.scores.values()) for one in settings] for end in (min, max)]
    return [Spans("", at, *ends), dots]


def _baseline(found: Sweep) -> list[Layer]:
    near = near_ones(found).baseline
    return [] if near is None else [Rule(near[0], y=near[1])]


def _scores_axis(found: Sweep) -> Axis:
    ends = near_ones(found).ends
    return Axis(found.measure) if ends is None else Axis(found.measure, low=ends[0], high=ends[1])
