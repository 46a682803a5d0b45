"""What all pictures share: colours, new axes, and how axes are dressed.

The colours are those of Okabe and Ito, which people with any common kind of colour blindness can tell apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman import checks
from elman.errors import OptionError, ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, GRID = "#222222", "#8a8a8a", "#e6e6e6"
BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"
)  # fmt: skip
CYCLE = (BLUE, RED, GREEN, PINK, ORANGE, SKY, INK)


def axes(ax: Axes | None, width: float = 8.0, height: float = 3.2, projection: str | None = None) -> Any:
    """The given axes, or new ones of a new pyplot figure (inch)."""
    if ax is not None:
        if not hasattr(ax, "get_xlim"):
            raise OptionError(f"ax must be axes of matplotlib, got {ax!r}; leave it out for new ones")
        return ax
    import matplotlib.pyplot as plt

    layout = None if projection else "constrained"
    return plt.figure(figsize=(width, height), dpi=90, layout=layout).add_subplot(projection=projection)


def new_figure(width: float = 7.5, height: float = 3.2) -> Any:
    """A figure (inch) without pyplot, so that no window opens and no state is kept."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def dress(ax: Axes, xlabel: str, ylabel: str, *, legend: bool = True) -> Axes:
    """Labels, a quiet grid, no frame at the top and right, and a legend above the data, where it hides nothing."""
    ax.set(xlabel=ax.get_xlabel() or xlabel, ylabel=ax.get_ylabel() or ylabel)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    if legend and handles:
        ax.legend(
            handles,
            labels,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=min(len(labels), 6),
            frameon=False,
            fontsize=9,
            borderaxespad=0.1,
            columnspacing=1.2,
            handlelength=1.6,
        )
    return ax


def colour(value: Any) -> Any:
    """A colour of matplotlib."""
    from matplotlib.colors import is_color_like

    if not is_color_like(value):
        raise OptionError(
            f"color must be a colour of matplotlib, such as 'red' or '#0072b2', got {checks.shown(value)}"
        )
    return value


def plain(name: object) -> str:
    """A name from data as it is: no formula because of its dollars, not left out of a legend because of its dash."""
    text = checks.visible(str(name)).replace("$", r"\$")
    return "\u200b" + text if text.startswith("_") else text


def short(name: object, most: int) -> str:
    """A name from data of at most so many letters, as `plain` writes it; what is left out is in its middle.

    Examples
    --------
    >>> short("walking upstairs quickly", 12), short("sitting", 12)
    ('walkin…ickly', 'sitting')
    """
    text = str(name)
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"
    return plain(text)


def written(label: object) -> str:
    """A label that a user wrote: formulas between dollars, or as it is where these are none."""
    from matplotlib import cbook
    from matplotlib.mathtext import MathTextParser

    text = str(label)
    if not cbook.is_math_text(text):
        return plain(text)
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return plain(text)
    return text


def decades(ax: Axes, *curves: np.ndarray, most: int = 20) -> list[np.ndarray]:
    """A logarithmic axis of so many decades for curves of sizes, which have gaps where they are 0 or no number."""
    shown = [np.where(np.isfinite(c) & (c > 0), c, np.nan) for c in curves]
    sizes = np.concatenate([c[~np.isnan(c)] for c in shown])
    ax.set_yscale("log")
    if sizes.size:
        high = sizes.max()
        low = max(sizes.min(), high / 10.0**most)
        ax.set_ylim(low / 2, high * 2)
    return shown


def whole_numbers(axis: Any) -> None:
    """No ticks between whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def dots(curve: np.ndarray) -> dict[str, Any]:
    """Dots where a curve is so short that its points should be seen."""
    return {"marker": "o", "markersize": 3} if len(curve) <= 30 else {}


def dates(ax: Axes, times: np.ndarray) -> None:
    """Short labels where the times are dates."""
    if times.dtype.kind == "M":
        from matplotlib.dates import ConciseDateFormatter

        ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))


def line(values: Any, what: str, times: bool = False) -> np.ndarray:
    """Values of one feature as (T,); (T, 1), (1, T) and (1, T, 1) are such too."""
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{what} must be one series of one feature; its rows differ in length") from error
    if found.dtype.kind not in ("fiubM" if times else "fiub"):
        raise ShapeError(f"{what} must hold numbers{' or dates' if times else ''}, got {checks.shown(values)}")
    if found.ndim == 0 or found.size == 0 or max(found.shape) != found.size:
        raise ShapeError(f"{what} must be one series of one feature, (T,) or (T, 1); got shape {found.shape}")
    return found.reshape(-1)


def times_of(times: Any, count: int, what: str) -> np.ndarray:
    """The times, checked, or the numbers of the steps."""
    if times is None:
        return np.arange(count)
    found = line(times, f"the times of {what}", times=True)
    if len(found) != count:
        raise ShapeError(f"{what} has {count} values, but {len(found)} times; give one time a value")
    return found
