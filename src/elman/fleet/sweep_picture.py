"""A sweep as a picture: scores as they came, and over the values of each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from elman.fleet.sweep_values import as_label
from elman.plots import style

ACROSS = 3  # panels in a row
MOST = 11  # parameters that are drawn, those that explain most
NEAR = 10.0  # times the quartiles' distance from the median: what is worse takes no room of the others


class Tried(Protocol):
    """Settings with their scores by seed; see `elman.fleet.Tried`."""

    @property
    def number(self) -> int: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def scores(self) -> Mapping[int, float]: ...
    @property
    def mean(self) -> float: ...


class Found(Protocol):
    """What is drawn of a sweep; see `elman.fleet.Sweep`."""

    @property
    def about(self) -> Any: ...
    @property
    def measure(self) -> str: ...
    @property
    def higher_is_better(self) -> bool: ...
    @property
    def seeds(self) -> Sequence[int]: ...
    @property
    def tried(self) -> Sequence[Tried]: ...
    @property
    def ranked(self) -> Sequence[Tried]: ...
    @property
    def failed(self) -> Sequence[Any]: ...
    @property
    def baseline(self) -> tuple[str, float] | None: ...
    def effects(self) -> Sequence[Any]: ...


def draw(found: Found) -> Any:
    """A figure with a panel for the course of the sweep and one for each parameter; a dot is a setting."""
    names = [effect.parameter for effect in found.effects()][:MOST] if found.ranked else []
    across = min(ACROSS, len(names) + 1)
    down = -(-(len(names) + 1) // across)
    figure = style.new_figure(3.5 * across, 3.1 * down + 0.3)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    _course(panels[0], found)
    for ax, name in zip(panels[1:], names, strict=False):
        _parameter(ax, found, name)
    for ax in panels[1 + len(names) :]:
        ax.set_axis_off()
    return figure


def _course(ax: Any, found: Found) -> None:
    """Settings in the order in which they were begun, and the best so far."""
    settings = [one for one in found.tried if len(one.scores) == len(found.seeds)]
    numbers, means = np.array([one.number for one in settings]), np.array([one.mean for one in settings])
    _dots(ax, found, numbers, settings)
    if len(means):
        best = np.maximum.accumulate(means) if found.higher_is_better else np.minimum.accumulate(means)
        ax.step(numbers, best, where="post", color=style.RED, linewidth=1.4, label="best so far")
    failed = sorted({row.trial for row in found.failed})
    if failed:
        ax.plot(failed, [0.02] * len(failed), "x", color=style.INK, transform=ax.get_xaxis_transform(), label="failed")
    _beside(ax, found)
    style.whole_numbers(ax.xaxis)
    style.dress(ax, "setting", found.measure)


def _parameter(ax: Any, found: Found, name: str) -> None:
    """Scores over the values of a parameter; a stroke is the mean of a value that was listed."""
    space = found.about.identity["space"][name]
    values = [one.settings[name] for one in found.ranked]
    if isinstance(space, list):
        labels = list(map(as_label, space))
        places = np.array([labels.index(as_label(value)) for value in values], float)
        means = [(place, np.mean(scores)) for place, scores in _by_place(found, places).items()]
        ax.plot(*zip(*means, strict=True), "_", color=style.RED, markersize=22, markeredgewidth=2)
        _ticks(ax, labels)
        _dots(ax, found, places + apart(places), found.ranked)
    else:
        _dots(ax, found, np.array(values, float), found.ranked)
        if space["log"]:
            ax.set_xscale("log")
    _beside(ax, found)
    style.dress(ax, style.plain(name), found.measure, legend=False)


def _by_place(found: Found, places: np.ndarray) -> dict[float, list[float]]:
    by_place: dict[float, list[float]] = {}
    for place, one in zip(places.tolist(), found.ranked, strict=True):
        by_place.setdefault(place, []).append(one.mean)
    return by_place


def apart(places: np.ndarray) -> np.ndarray:
    """How far dots of one value are moved aside, that each can be seen: from the best to the worst."""
    found = np.zeros(len(places))
    for place in np.unique(places):
        mine = np.flatnonzero(places == place)
        found[mine] = np.linspace(-0.2, 0.2, len(mine)) if len(mine) > 1 else 0.0
    return found


def _ticks(ax: Any, labels: list[str]) -> None:
    shown = [style.short(label, 18) for label in labels]
    crowded = sum(map(len, shown)) > 30
    ax.set_xticks(range(len(shown)), shown, rotation=30 if crowded else 0, ha="right" if crowded else "center")
    ax.set_xlim(-0.5, len(shown) - 0.5)


def _dots(ax: Any, found: Found, x: np.ndarray, settings: Sequence[Tried]) -> None:
    """A dot a setting, with the range of its seeds."""
    for place, one in zip(x.tolist(), settings, strict=True):
        if len(one.scores) > 1:
            ends = min(one.scores.values()), max(one.scores.values())
            ax.plot([place, place], ends, color=style.BLUE, linewidth=1, alpha=0.35)
    ax.plot(x, [one.mean for one in settings], "o", color=style.BLUE, markersize=4, alpha=0.7)


def _beside(ax: Any, found: Found) -> None:
    """The baseline, if it is near; and limits that what went astray does not stretch."""
    near = near_ones(found)
    if near.baseline is not None:
        name, score = near.baseline
        ax.axhline(score, color=style.MUTED, linestyle="--", linewidth=1, label=style.plain(name))
    if near.ends is not None:
        ax.set_ylim(*near.ends)


@dataclass(frozen=True)
class Near:
    """What scores are drawn: the baseline, if it is near them, and limits, if some went astray."""

    baseline: tuple[str, float] | None = None
    ends: tuple[float, float] | None = None


def near_ones(found: Found) -> Near:
    """What of the scores is near their median, and whether the baseline is."""
    means = np.array([one.mean for one in found.ranked])
    if not len(means):
        return Near()
    low, middle, high = np.percentile(means, (25, 50, 75))
    reach = max(NEAR * (high - low), 1e-9 * abs(middle))
    inside = means[abs(means - middle) <= reach]
    bottom, top = (inside.min(), inside.max()) if len(inside) else (means.min(), means.max())
    baseline = None
    if found.baseline is not None:
        name, score = found.baseline
        if np.isfinite(score) and bottom - (top - bottom) <= score <= top + 2 * (top - bottom):
            baseline, bottom, top = (name, score), min(bottom, score), max(top, score)
    room = 0.08 * (top - bottom) or 1.0
    return Near(baseline, (float(bottom - room), float(top + room)) if len(inside) < len(means) else None)
