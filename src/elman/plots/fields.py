"""Many numbers at once: norms as histograms, hidden states as a heat map over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman import checks
from elman.errors import DataError, ShapeError
from elman.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def norms(
    groups: dict[str, np.typing.ArrayLike] | np.typing.ArrayLike,
    *,
    bins: int = 20,
    log: bool = False,
    xlabel: str = "norm",
    ax: Any = None,
) -> Axes:
    """Draw histograms of norms, all with the same bins, so that groups can be compared.

    Parameters
    ----------
    groups : dict of str to array; or one array
        Norms (one a sequence, say) of each group by name, of any shape, finite and at least 0.
    bins : int, default 20
        How many bins, common to all groups.
    log : bool, default False
        Whether the norms' axis is logarithmic, as the bins are then: for norms over several orders of magnitude. Norms
        of exactly 0 have no place there; the label says how many there are.
    xlabel : str, default "norm"
        What the norms are of.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    DataError
        There is nothing to draw, or a number is not finite or below 0.

    References
    ----------
    Y. Bengio, P. Simard and P. Frasconi, Learning long-term dependencies with gradient descent is difficult, IEEE
    Transactions on Neural Networks 5 (1994): what such norms say.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> ax = norms({"step 10": rng.random(100), "step 30": 1e-3 * rng.random(100)}, log=True)
    >>> ax.get_xscale()
    'log'
    """
    bins, log = checks.whole(bins, "bins", most=10**6), checks.flag(log, "log")
    xlabel = checks.text(xlabel, "xlabel")
    found = {name: _checked(name, v) for name, v in (groups if isinstance(groups, dict) else {"": groups}).items()}
    shown = {name: v[v > 0] if log else v for name, v in found.items()}
    everything = np.concatenate([*shown.values(), np.empty(0)])
    if not everything.size:
        raise DataError("norms needs at least one number to draw; all groups are empty" + " or zero" * log)
    edges = _edges(everything, bins, log)
    ax = style.axes(ax)
    for k, (name, values) in enumerate(shown.items()):
        zeros = len(found[name]) - len(values)
        label = style.plain(name) + (f" ({zeros} are 0)" if zeros else "")
        color = style.CYCLE[k % len(style.CYCLE)]
        ax.hist(values, edges, color=color, alpha=0.35, linewidth=0)
        ax.hist(values, edges, color=color, histtype="step", linewidth=1.5, label=label or None)
    if log:
        ax.set_xscale("log")
    return style.dress(ax, style.written(xlabel), "count")


def states(
    values: np.typing.ArrayLike,
    times: np.typing.ArrayLike | None = None,
    *,
    sort: bool = False,
    label: str = "state",
    ax: Any = None,
) -> Axes:
    """Draw hidden states as a heat map: a row for each unit, a column for each step.

    Parameters
    ----------
    values : array, shape (T, H); or (1, T, H)
        The states of one sequence, such as a network of recurrent layers returns them.
    times : array, shape (T,), optional
        Increasing, evenly spaced numbers; the number of each step by default.
    sort : bool, default False
        Whether units are brought into the order in which they are largest, so that travelling activity shows.
    label : str, default "state"
        What the colours say.
    ax : matplotlib axes, optional
        Where to; new axes by default.

    Returns
    -------
    matplotlib axes
        Its image has the shape (H, T); white is 0.

    Raises
    ------
    ShapeError
        The states are not those of one sequence.

    Examples
    --------
    >>> import numpy as np
    >>> ax = states(np.sin(np.arange(50)[:, None] / 5 + np.arange(8)))
    >>> ax.get_ylabel(), ax.images[0].get_array().shape
    ('unit', (8, 50))
    """
    h, sort, label = checks.floats(values, "values"), checks.flag(sort, "sort"), checks.text(label, "label")
    h = h[0] if h.ndim == 3 and len(h) == 1 else h
    if h.ndim != 2 or not h.size:
        raise ShapeError(f"states must be those of one sequence, (T, H); got shape {np.shape(values)}")
    t = style.times_of(times, len(h), "states")
    units = np.argsort(np.argmax(h, axis=0), kind="stable") if sort else np.arange(h.shape[1])
    ax = style.axes(ax)
    if t.dtype.kind == "M" or (len(t) > 1 and not (np.diff(t) > 0).all()):
        raise ShapeError("the times of states must be numbers that increase")
    half = (t[1] - t[0]) / 2 if len(t) > 1 else 0.5
    reach = float(np.abs(h[np.isfinite(h)]).max(initial=0)) or 1.0
    image = ax.imshow(
        h.T[units], aspect="auto", interpolation="nearest", origin="lower", cmap="RdBu_r", vmin=-reach, vmax=reach,
        extent=(t[0] - half, t[-1] + half, -0.5, h.shape[1] - 0.5),
    )  # fmt: skip
    ax.figure.colorbar(image, ax=ax, label=style.written(label), pad=0.02)
    ax.yaxis.get_major_locator().set_params(integer=True)
    order = "unit (sorted)" if sort else "unit"
    ax.set(xlabel="step" if times is None else "time", ylabel=order)
    return ax


def _checked(name: str, values: Any) -> np.ndarray:
    found = checks.floats(values, str(name) or "the array").reshape(-1)
    wrong = found[~(np.isfinite(found) & (found >= 0))]
    if wrong.size:
        raise DataError(f"norms are finite and at least 0; {name or 'the array'} has {wrong[0]} ({wrong.size} such)")
    return found


def _edges(values: np.ndarray, bins: int, log: bool) -> np.ndarray:
    low, high = values.min(), values.max()
    if log:
        low, high = (low / 2, high * 2) if low == high else (low, high)
        return np.geomspace(low, high, bins + 1)
    return np.histogram_bin_edges(values, bins)
