"""What a chart on a page is made of: lines, bands, dots, bars, spans, cells and rules, as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import visible
from elman.plots.page.thinning import thinned

COLOURS = 7  # that can be told apart; 0 is the page's accent
GREY, INK = "grey", "ink"  # beside the numbers of colours
DIGITS = 5  # that count, of what is drawn

Colour = int | str


@dataclass(frozen=True)
class Line:
    """Values over places, joined where none is missing.

    Attributes
    ----------
    label : str
        Empty for a line that the legend leaves out.
    x, y : array, shape (N,)
        Numbers or dates, rising; numbers, where NaN is a gap.
    colour : int or str
        A number from 0 to 6, ``"grey"`` or ``"ink"``.
    dash, heavy, dots, steps : bool
        Dashed, wide, with a dot at each value, constant between values.
    read : array, shape (N,), optional
        The values that are read under the pointer, where they are drawn elsewhere.
    tint : array, shape (N,), optional
        From -1 to 1: what colours the line from cold to warm along its way.
    hidden : bool
        Whether it is drawn only when its name in the legend is pressed.
    """

    label: str
    x: Any
    y: Any
    colour: Colour = 0
    dash: bool = False
    heavy: bool = False
    dots: bool = False
    steps: bool = False
    read: Any = None
    tint: Any = None
    hidden: bool = False

    def plain(self) -> tuple[dict[str, Any], int]:
        """In terms of JSON but for its places; and how many values are left out of the drawing."""
        y = np.asarray(self.y, float)
        kept = thinned(y)
        looks = {name: True for name in ("dash", "heavy", "dots", "steps", "hidden") if getattr(self, name)}
        found: dict[str, Any] = {"kind": "line", "label": shown(self.label), "colour": self.colour, **looks}
        found |= {"x": np.asarray(self.x)[kept], "y": numbers(y[kept])}
        for name, digits in (("read", DIGITS), ("tint", 2)):
            if (values := getattr(self, name)) is not None:
                found[name] = numbers(np.asarray(values, float)[kept], digits)
        return found, len(y) - len(kept)


@dataclass(frozen=True)
class Band:
    """What lies between two lines."""

    label: str
    x: Any
    low: Any
    high: Any
    colour: Colour = 0
    strength: float = 0.2
    hidden: bool = False

    def plain(self) -> tuple[dict[str, Any], int]:
        low, high = np.asarray(self.low, float), np.asarray(self.high, float)
        kept = np.union1d(thinned(low), thinned(high))
        found: dict[str, Any] = {
            "kind": "band",
            "label": shown(self.label),
            "colour": self.colour,
            "strength": round(self.strength, 2),
        }
        found |= {"x": np.asarray(self.x)[kept], "low": numbers(low[kept]), "high": numbers(high[kept])}
        return found | ({"hidden": True} if self.hidden else {}), len(low) - len(kept)


@dataclass(frozen=True)
class Dots:
    """Places in the plane, each with a name; `size` is their diameter."""

    label: str
    x: Any
    y: Any
    colour: Colour = 0
    size: int = 6
    faint: bool = False
    names: Sequence[str] = ()

    def plain(self) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {"kind": "dots", "label": shown(self.label), "colour": self.colour, "size": self.size}
        found |= {"x": np.asarray(self.x), "y": numbers(np.asarray(self.y, float)), "names": [*map(shown, self.names)]}
        return found | ({"faint": True} if self.faint else {}), 0


@dataclass(frozen=True)
class Bars:
    """Bars from 0, each from one edge to the next: `edges` has one value more than `y`."""

    label: str
    edges: Any
    y: Any
    colour: Colour = 0

    def plain(self) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {"kind": "bars", "label": shown(self.label), "colour": self.colour}
        return found | {"x": np.asarray(self.edges, float), "y": numbers(np.asarray(self.y, float))}, 0


@dataclass(frozen=True)
class Spans:
    """Strokes between two values: upright at each place, or `level` ones at each height."""

    label: str
    at: Any
    low: Any
    high: Any
    colour: Colour = 0
    level: bool = False

    def plain(self) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {"kind": "spans", "label": shown(self.label), "colour": self.colour}
        found |= {"x": np.asarray(self.at), "level": self.level}
        return found | {"low": numbers(np.asarray(self.low, float)), "high": numbers(np.asarray(self.high, float))}, 0


@dataclass(frozen=True)
class Rule:
    """A straight stroke through all of the chart, at one x or one y, or the diagonal where both are given as None."""

    label: str
    x: Any = None
    y: float | None = None
    colour: Colour = GREY
    dash: bool = True

    def plain(self) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {"kind": "rule", "label": shown(self.label), "colour": self.colour, "dash": self.dash}
        found |= {} if self.x is None else {"at": place(self.x)}
        return found | ({} if self.y is None else {"y": numbers(np.asarray([self.y], float))[0]}), 0


@dataclass(frozen=True)
class Cells:
    """A heat map: values of rows and columns, at whole numbers of both axes.

    Attributes
    ----------
    values : array, shape (R, C)
        What the colour says: from 0, or on both sides of it.
    counts : array, shape (R, C), optional
        What is written and read in place of them.
    unit : str
        What is said behind a value, as ``% of the true class``.
    most : float, optional
        The value of the strongest colour; by default the largest there is.
    """

    values: Any
    counts: Any = None
    unit: str = ""
    most: float | None = None

    def plain(self) -> tuple[dict[str, Any], int]:
        values = np.asarray(self.values, float)
        known = np.abs(values[np.isfinite(values)])
        most = self.most if self.most is not None and np.isfinite(self.most) else float(known.max(initial=0.0))
        found: dict[str, Any] = {"kind": "cells", "label": "", "rows": values.shape[0], "cols": values.shape[1]}
        found |= {"values": numbers(values.ravel(), 3), "most": most or 1.0, "unit": shown(self.unit)}
        found["signed"] = bool((values < 0).any())
        return found | ({} if self.counts is None else {"counts": np.asarray(self.counts).ravel().tolist()}), 0


Layer = Line | Band | Dots | Bars | Spans | Rule | Cells


def shown(text: Any) -> str:
    """A text of whatever data on one line of a page."""
    return visible(str(text), line=True)


def numbers(values: np.ndarray, digits: int = DIGITS) -> list[float | int | None]:
    """Numbers with the digits that a picture needs; None where there is none."""
    return [_short(value, digits) if np.isfinite(value) else None for value in values.tolist()]


def _short(value: float, digits: int) -> float | int:
    short = float(f"{value:.{digits}g}")
    if not math.isfinite(short):  # the largest numbers there are, rounded up
        return value
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def place(value: Any) -> float | int | None:
    """Where something is along an axis: a number, or milliseconds since 1970 of a date."""
    return places(np.asarray([value]))[0]


def places(x: np.ndarray) -> list[float | int | None]:
    """The same of many; a date that is none has no place."""
    if x.dtype.kind == "M":
        gone = np.isnat(x)
        ms = np.where(gone, np.datetime64(0, "ms"), x.astype("datetime64[ms]")).astype("datetime64[ms]")
        return [None if none else one for one, none in zip(ms.astype(np.int64).tolist(), gone.tolist(), strict=True)]
    return numbers(x.astype(float), 9)
