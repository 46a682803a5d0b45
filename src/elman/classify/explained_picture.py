"""The picture of an attribution: a heat map of steps and channels, with the course of each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.plots.style import INK, axes, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COURSES = 24  # channels whose course is drawn; of more it could not be seen
NAMED = 60  # channels whose names are written


def draw_attribution(
    values: np.ndarray, series: np.ndarray, channels: Sequence[str], title: str, unit: str, ax: Axes | None = None
) -> Axes:
    """Draw what each step (T) and channel (F) adds: red raises the output, blue lowers it, white is 0."""
    steps, count = values.shape
    ax = axes(ax, 8.0, min(2.2 + 0.45 * count, 9.0))
    reach = float(np.abs(values).max(initial=0)) or 1.0
    image = ax.imshow(
        values.T, aspect="auto", interpolation="nearest", cmap="RdBu_r", vmin=-reach, vmax=reach,
        extent=(-0.5, steps - 0.5, count - 0.5, -0.5),
    )  # fmt: skip
    if count <= MOST_COURSES:
        for row in range(count):
            ax.plot(
                np.arange(steps), row - 0.4 * _within(series[:, row]), color=INK, linewidth=0.9, **_dots(series[:, row])
            )
    ax.set_yticks(range(count), [plain(name) for name in channels] if count <= NAMED else [""] * count, fontsize=9)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="step", ylabel="channel", xlim=(-0.5, steps - 0.5), ylim=(count - 0.5, -0.5))
    ax.set_title(plain(title), loc="left", fontsize=10)
    ax.figure.colorbar(image, ax=ax, label=f"adds to the {unit}", pad=0.02)
    return ax


def _within(course: np.ndarray) -> np.ndarray:
    """A course between -1 and 1."""
    known = course[~np.isnan(course)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    return np.zeros_like(course) if high == low else 2 * (course - low) / (high - low) - 1


def _dots(course: np.ndarray) -> dict[str, Any]:
    """Dots where values stand alone between missing ones, or are few."""
    return {"marker": ".", "markersize": 3} if len(course) <= 30 or np.isnan(course).any() else {}
