"""A comparison as a picture: the metric as training goes on, and at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.compare.results import Comparison, Result
from elman.plots import style

COLOURED = len(style.CYCLE)  # cells; others are grey


def draw(found: Comparison) -> Any:
    """A figure with a curve for each cell, the mean and the range of its seeds, and what each reached."""
    figure = style.new_figure(10, max(4.0, 0.9 + 0.19 * len(found.results)))
    curves, ends = figure.subplots(1, 2, width_ratios=(3, 2))
    _curves(curves, found)
    _ends(ends, found)
    figure.suptitle(f"{found.task}: {found.about}\n{found.budget}", fontsize=8)
    return figure


def _curves(ax: Any, found: Comparison) -> None:
    for number, result in reversed([*enumerate(found.results)]):
        values = np.array([run.curve for run in result.runs])
        with np.errstate(invalid="ignore"):
            mean, low, high = values.mean(axis=0), values.min(axis=0), values.max(axis=0)
        colour, named = _colour(number), number < COLOURED
        ax.plot(found.points, mean, color=colour, linewidth=1.4 if named else 0.7, zorder=3 if named else 2)
        if named:
            ax.fill_between(found.points, low, high, color=colour, alpha=0.12, linewidth=0)
    ax.axhline(found.simple, color=style.MUTED, linestyle="--", linewidth=1)
    _scale(ax, found, "y")
    style.dress(ax, found.unit, found.metric, legend=False)


def _ends(ax: Any, found: Comparison) -> None:
    """A line a cell: a dot for each seed, and a stroke at the mean."""
    for number, result in enumerate(found.results):
        colour = _colour(number)
        ax.plot(result.finals, [number] * len(result.finals), "o", color=colour, markersize=3, alpha=0.6)
        ax.plot([result.mean], [number], "|", color=colour, markersize=11, markeredgewidth=2)
    ax.axvline(found.simple, color=style.MUTED, linestyle="--", linewidth=1, label=f"{found.simple_about}")
    ax.set_yticks(range(len(found.results)), [_label(r) for r in found.results], fontsize=8)
    ax.set_ylim(len(found.results) - 0.5, -0.5)
    _scale(ax, found, "x")
    style.dress(ax, f"{found.metric} at the end", "")


@dataclass(frozen=True)
class Scale:
    """How metrics are drawn: by their logarithms, and where the axis ends; None where the data do."""

    log: bool = False
    most: float | None = None


def scale_of(found: Comparison) -> Scale:
    """Logarithms where metrics span more than a factor of 20; what has exploded takes no room of the others."""
    values = np.array([v for r in found.results for run in r.runs for v in run.curve] + [found.simple])
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return Scale()
    ends = [r.mean for r in found.results if np.isfinite(r.mean)]
    most = 10 * max(found.simple, min(ends, default=0.0))
    return Scale(bool(values.max() > 20 * values.min()), float(most) if values.max() > most > 0 else None)


def _scale(ax: Any, found: Comparison, axis: str) -> None:
    scale = scale_of(found)
    if scale.log:
        getattr(ax, f"set_{axis}scale")("log")
    if scale.most is not None:
        getattr(ax, f"set_{axis}lim")(None, scale.most)


def _colour(number: int) -> str:
    return style.CYCLE[number] if number < COLOURED else "#b5b5b5"


def _label(result: Result) -> str:
    return result.cell + (f" ({result.diverged} diverged)" if result.diverged else "")
