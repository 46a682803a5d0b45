"""Curves over time: series, windows, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman import checks
from elman.errors import OptionError, ShapeError
from elman.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def series(
    values: Any, times: np.typing.ArrayLike | None = None, *, label: str = "series", color: str = "", ax: Any = None
) -> Axes:
    """Draw a series over its times.

    Parameters
    ----------
    values : array, shape (T,) or (T, 1); a `Series` of `elman.data`, or one of pandas
        What was recorded; a series of either kind brings its own times.
    times : array, shape (T,), optional
        Numbers or dates; the number of each step by default.
    label : str, default "series"
        Its name in the legend; "" for none.
    color : str, optional
        Any colour of matplotlib.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(0, 30, 0.1)
    >>> ax = series(t * np.sin(t) / 3 + 2 * np.sin(5 * t), t)
    >>> ax.get_xlabel(), len(ax.lines[0].get_ydata())
    ('time', 300)
    """
    y, t = _recorded(values, times)
    ax = style.axes(ax)
    ax.plot(
        t,
        y,
        color=style.INK if isinstance(color, str) and not color else style.colour(color),
        linewidth=1.2,
        label=style.written(label) if checks.text(label, "label") else None,
    )
    ax.margins(x=0.01)
    style.dates(ax, t)
    return style.dress(ax, "step" if times is None and not _times_in(values) else "time", "value")


def window(
    values: Any,
    start: int,
    steps: int,
    *,
    times: np.typing.ArrayLike | None = None,
    horizon: int = 1,
    last_only: bool = False,
    zoom: bool = False,
    ax: Any = None,
) -> Axes:
    """Draw a series with one training window marked: what the network sees, and what it shall answer.

    Parameters
    ----------
    values : array, shape (T,) or (T, 1); a `Series` of `elman.data`, or one of pandas
        The series.
    start : int
        The window's first step.
    steps : int
        The window's length.
    times : array, shape (T,), optional
        Numbers or dates; the number of each step by default.
    horizon : int, default 1
        By how many steps the target lies ahead.
    last_only : bool, default False
        Whether the target is the one value that follows the window's last step, or one for each of its steps.
    zoom : bool, default False
        Whether only the surroundings of the window are shown.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    OptionError
        The window and its target do not lie inside the series.

    Examples
    --------
    >>> import numpy as np
    >>> ax = window(np.sin(np.arange(250) / 25), start=125, steps=30)
    >>> [line.get_label() for line in ax.lines]
    ['series', 'window (30 steps)', 'target (1 step later)']
    """
    y, t = _recorded(values, times)
    start, steps, horizon = (
        checks.whole(start, "start", least=0), checks.whole(steps, "steps"), checks.whole(horizon, "horizon")
    )  # fmt: skip
    last_only, zoom = checks.flag(last_only, "last_only"), checks.flag(zoom, "zoom")
    if start + steps + horizon > len(y):
        raise OptionError(
            f"a window of {steps} steps from step {start} with its target {horizon} later "
            f"needs {start + steps + horizon} values; the series has {len(y)}"
        )
    ax = series(values, times, ax=ax)
    seen = np.arange(start, start + steps)
    answered = (seen[-1:] if last_only else seen) + horizon
    ax.axvspan(t[seen[0]], t[seen[-1]], color=style.BLUE, alpha=0.08, linewidth=0)
    ax.plot(t[seen], y[seen], "o", color=style.BLUE, markersize=6.5, label=f"window ({steps} step{'s' * (steps > 1)})")
    later = f"target ({horizon} step{'s' * (horizon > 1)} later)"
    ax.plot(t[answered], y[answered], "o", color=style.RED, markersize=2.8, label=later)
    if zoom:
        _zoom(ax, t, y, max(start - steps // 2, 0), min(start + steps + horizon + steps // 2, len(y)))
    return style.dress(ax, "time", "value")


def prediction(
    target: np.typing.ArrayLike,
    predicted: np.typing.ArrayLike,
    times: np.typing.ArrayLike | None = None,
    *,
    inputs: np.typing.ArrayLike | None = None,
    input_times: np.typing.ArrayLike | None = None,
    label: str = "prediction",
    ax: Any = None,
) -> Axes:
    """Draw predictions beside what they should have been.

    Parameters
    ----------
    target : array, shape (T,) or (T, 1)
        What should have been predicted.
    predicted : array, shape (T,) or (T, 1)
        What was predicted.
    times : array, shape (T,), optional
        Their times; the number of each step by default.
    inputs : array, shape (N,) or (N, 1), optional
        What the network saw.
    input_times : array, shape (N,), optional
        The times of `inputs`; by default those of one step earlier than the target.
    label : str, default "prediction"
        The prediction's name in the legend.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    ShapeError
        The lengths differ.

    Examples
    --------
    >>> ax = prediction([1.0, 2.0, 3.0], [1.1, 1.9, 3.2])
    >>> [line.get_label() for line in ax.lines]
    ['target', 'prediction']
    """
    true, guess = style.line(target, "target"), style.line(predicted, "predicted")
    if len(true) != len(guess):
        raise ShapeError(f"target has {len(true)} values, predicted {len(guess)}: give one prediction a target")
    t = style.times_of(times, len(true), "target")
    ax = style.axes(ax)
    few = len(true) <= 60
    if inputs is not None:
        seen = style.line(inputs, "inputs")
        before = _one_step_earlier(t, len(seen)) if input_times is None else input_times
        ax.plot(
            style.times_of(before, len(seen), "inputs"), seen, "o", color=style.BLUE, alpha=0.35, markersize=7,
            label="input",
        )  # fmt: skip
    ax.plot(t, true, "o-" if few else "-", color=style.INK, markersize=3, linewidth=1.3, label="target")
    ax.plot(
        t,
        guess,
        "o--" if few else "--",
        color=style.RED,
        markersize=4,
        linewidth=1.3,
        label=style.written(checks.text(label, "label")),
        mfc="none",
    )
    ax.margins(x=0.02)
    style.dates(ax, t)
    return style.dress(ax, "step" if times is None else "time", "value")


def _recorded(values: Any, times: Any) -> tuple[np.ndarray, np.ndarray]:
    """Values and times of arrays, of `elman.data.Series`, or of a series of pandas."""
    own = _times_in(values)
    given = getattr(values, own, None) if own and times is None else times
    y = style.line(getattr(values, "values", values), "the series")
    return y, style.times_of(given, len(y), "the series")


def _times_in(values: Any) -> str:
    """The name under which an object keeps its times, if it does."""
    if isinstance(values, list | tuple | np.ndarray):
        return ""
    return next((name for name in ("times", "index") if hasattr(values, name)), "")


def _one_step_earlier(t: np.ndarray, count: int) -> np.ndarray:
    """Times of inputs whose targets lie one step later."""
    if count != len(t) or len(t) < 2:
        raise ShapeError(f"there are {count} inputs and {len(t)} targets: give input_times, the times of the inputs")
    return np.concatenate([t[:1] - (t[1] - t[0]), t[:-1]])


def _zoom(ax: Any, t: np.ndarray, y: np.ndarray, first: int, last: int) -> None:
    """Show steps `first` to `last` only."""
    ax.set_xlim(t[first], t[last - 1])
    low, high = y[first:last].min(), y[first:last].max()
    ax.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
