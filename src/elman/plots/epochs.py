"""Curves over epochs: losses and metrics of one training, or the losses of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from elman import checks
from elman.errors import DataError, OptionError, ShapeError
from elman.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def losses(history: Any, *, metrics: Iterable[str] = (), log: bool | None = None, ax: Any = None) -> Axes:
    """Draw the losses of a training over its epochs, with the best epoch marked.

    Parameters
    ----------
    history : History, or dict of str to list of float
        What `fit` returned: ``loss`` and, with validation data, ``val_loss``. Several trainings: a dict of histories by
        name, of which the validation losses are drawn (the losses, without validation).
    metrics : iterable of str, optional
        Other numbers of the history, drawn on a second axis at the right, with their ``val_`` values.
    log : bool, optional
        Whether the axis of the losses is logarithmic; by default if they span more than a factor of 20.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    OptionError
        The history has no such metric.
    DataError
        The history is empty.

    Examples
    --------
    >>> ax = losses({"loss": [3.0, 1.0, 0.5], "val_loss": [3.1, 1.4, 1.6]})
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation', 'best epoch (2)']
    """
    numbers = _numbers(history)
    named = [metrics] if isinstance(metrics, str) else checks.listed(metrics, "metrics", "names")
    names = [checks.instance(name, str, "each of metrics", "a name") for name in named]
    log = None if log is None else checks.flag(log, "log")
    ax = style.axes(ax)
    drawn = _losses_of_one(ax, numbers) if "loss" in numbers else _losses_of_several(ax, numbers)
    positive = np.concatenate([v[np.isfinite(v) & (v > 0)] for v in drawn])
    if log or (log is None and positive.size and positive.max() > 20 * positive.min()):
        ax.set_yscale("log")
    _metrics(ax, numbers, names)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return style.dress(ax, "epoch", "loss")


def _numbers(history: Any) -> Mapping[str, Any]:
    """The numbers of a training by name."""
    expected = "what `fit` returned, or a dict of lists of numbers, or of such histories, by name"
    return checks.instance(getattr(history, "history", history), Mapping, "history", expected)


def _curve(values: Any, name: str) -> np.ndarray:
    found = checks.floats(values, str(name))
    if found.ndim != 1:
        raise ShapeError(f"{name} must be a list of numbers, one an epoch; got shape {found.shape}")
    return found


def _losses_of_one(ax: Any, numbers: Mapping[str, Any]) -> list[np.ndarray]:
    found = {"training": "loss", "validation": "val_loss"}
    values = {label: _curve(numbers[name], name) for label, name in found.items() if name in numbers}
    if not len(values["training"]):
        raise DataError("the history has no epoch: nothing was trained, or the first epoch did not end")
    for (label, curve), color in zip(values.items(), (style.BLUE, style.RED), strict=False):
        ax.plot(np.arange(1, len(curve) + 1), curve, color=color, linewidth=1.6, label=label, **style.dots(curve))
    judged = list(values.values())[-1]
    if np.isfinite(judged).any():
        best = int(np.nanargmin(judged)) + 1
        ax.axvline(best, linestyle=":", color=style.MUTED, label=f"best epoch ({best})")
    return list(values.values())


def _losses_of_several(ax: Any, histories: Mapping[str, Any]) -> list[np.ndarray]:
    if not histories:
        raise DataError("there is no history to draw; give what `fit` returned, or a dict of such by name")
    drawn = []
    for k, (name, history) in enumerate(histories.items()):
        numbers = _numbers(history)
        curve = _curve(numbers.get("val_loss", numbers.get("loss", [])), name)
        color = style.CYCLE[k % len(style.CYCLE)]
        ax.plot(
            np.arange(1, len(curve) + 1),
            curve,
            color=color,
            linewidth=1.4,
            label=style.plain(name),
            **style.dots(curve),
        )
        drawn.append(curve)
    return drawn


def _metrics(ax: Any, numbers: Mapping[str, Any], names: list[str]) -> None:
    """Other numbers of the history, on an axis of their own whose curves the first axis' legend names too."""
    missing = [name for name in names if name not in numbers]
    if missing:
        raise OptionError(f"the history has no {missing[0]!r}; it has {', '.join(numbers)}")
    if not names:
        return
    right = ax.twinx()
    for k, name in enumerate(names):
        for key, dashes in ((name, "-."), (f"val_{name}", ":")):
            if key in numbers:
                color = style.CYCLE[(2 + k) % len(style.CYCLE)]
                curve = _curve(numbers[key], key)
                right.plot(np.arange(1, len(curve) + 1), curve, dashes, color=color, linewidth=1.6)
                ax.plot([], [], dashes, color=color, linewidth=1.6, label=style.plain(key))
    right.set_ylabel(style.plain(", ".join(names)))
    right.spines["top"].set_visible(False)
