"""Losses over learning rates: what `elman.find_rate` found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def found_rate(found: Any, *, ax: Any = None) -> Axes:
    """Draw the losses of a training whose learning rate rose, over the rates, with the rate that it suggests.

    Parameters
    ----------
    found : FoundRate
        What `elman.find_rate` returned.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net, x = el.Network(1, [el.Dense(1)]), np.random.default_rng(0).normal(size=(64, 1, 1))
    >>> ax = found_rate(el.find_rate(net, x, 3 * x, optimizer="sgd"))
    >>> ax.get_xlabel(), ax.get_xscale()
    ('learning rate', 'log')
    """
    ax = style.axes(ax)
    ax.plot(found.rates, found.losses, color=style.MUTED, linewidth=0.8, label="loss")
    ax.plot(found.rates, found.smoothed, color=style.BLUE, linewidth=1.8, label="smoothed")
    ax.set_xscale("log")
    if np.argmin(found.smoothed) > 0:
        ax.axvline(found.suggestion, color=style.GREEN, linestyle="--", label=f"suggestion {found.suggestion:.2g}")
        ax.axvline(found.steepest, color=style.SKY, linestyle=":", label=f"steepest {found.steepest:.2g}")
    if found.diverged is not None:
        ax.axvline(found.diverged, color=style.RED, linestyle="-.", label=f"diverged {found.diverged:.2g}")
    _frame(ax, found)
    return style.dress(ax, "learning rate", "loss")


def _frame(ax: Any, found: Any) -> None:
    """Show where the loss falls: what lies high above the first losses is where it has diverged already."""
    low, first = float(np.min(found.smoothed)), float(found.smoothed[0])
    span = max(first - low, 1e-12)
    top = min(float(np.max(found.losses)), first + span)
    if top > low:
        ax.set_ylim(low - 0.15 * span, top + 0.1 * span)
