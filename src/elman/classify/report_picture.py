"""Pictures of reports: the confusion matrix of classes, predicted numbers over true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elman.plots.style import BLUE, INK, MUTED, axes, dress, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRITTEN = 16  # classes, at most, whose numbers are written into the matrix
NAMED = 60  # likewise, whose names are written beside it
SHORT = 6  # letters, at most, of names that lie side by side
LONG = 24  # letters, at most, of names at all: longer ones leave no room for the matrix


def draw_confusion(classes: np.ndarray, confusion: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: the colour is the share of the true class, the number counts cases."""
    names = [short(name, LONG) for name in classes.tolist()]
    count = len(names)
    ax = axes(ax, *confusion_size(count))
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    if count <= WRITTEN:
        for row, column in np.ndindex(confusion.shape):
            if confusion[row, column]:
                ink = "white" if shares[row, column] > 0.55 else INK
                ax.text(column, row, f"{confusion[row, column]:,}", ha="center", va="center", color=ink, fontsize=9)
    if count <= NAMED:
        small = 9 if count <= 20 else 6
        lying = max(map(len, names)) <= SHORT and count <= 20
        ax.set_xticks(range(count), names, rotation=0 if lying else 90, fontsize=small)
        ax.set_yticks(range(count), names, fontsize=small)
    ax.tick_params(length=0)
    ax.set(xlabel="predicted", ylabel="true")
    ax.figure.colorbar(image, ax=ax, label="share of the true class", pad=0.02, shrink=0.8)
    return ax


def confusion_size(count: int) -> tuple[float, float]:
    """Width and height (inch) of a confusion matrix of so many classes."""
    side = min(max(3.2, 0.55 * count + 1.6), 9.0)
    return side + 0.9, side


def draw_numbers(truth: np.ndarray, predicted: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw predicted numbers over true ones."""
    ax = axes(ax, 4.6, 4.2)
    ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
    ax.plot(ends, ends, color=MUTED, linewidth=1, linestyle="--", label="the same")
    ax.scatter(truth, predicted, s=14, color=BLUE, alpha=0.65, linewidth=0)
    return dress(ax, "true", "predicted")
