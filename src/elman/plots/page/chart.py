"""A chart on a page, as data: its axes, its layers, what it is in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.plots.page.layers import Cells, Layer, place, places, shown

DAY = 86_400_000
TWO_DIMENSIONAL = ("dots", "cells")  # of which both axes are zoomed, and the nearest one is read


@dataclass(frozen=True)
class Axis:
    """An axis of a chart.

    Attributes
    ----------
    label : str
    log : bool
        Logarithms; what is not above 0 is not drawn.
    low, high : float, optional
        Where it begins and ends; by default where the data do.
    names : sequence of str
        What stands at 0, 1, 2 ..., in place of numbers.
    whole : bool
        Whether there are only whole numbers.
    start : number or date, optional
        Where the chart begins when the page is opened; the rest is there when one zooms out.
    """

    label: str = ""
    log: bool = False
    low: Any = None
    high: Any = None
    names: Sequence[str] = ()
    whole: bool = False
    start: Any = None

    def plain(self) -> dict[str, Any]:
        found: dict[str, Any] = {"label": shown(self.label)}
        found |= {name: True for name in ("log", "whole") if getattr(self, name)}
        found |= {name: end for name in ("low", "high", "start") if (end := self.end(name)) is not None}
        return found | ({"names": [*map(shown, self.names)]} if len(self.names) else {})

    def end(self, name: str) -> float | int | None:
        """Where `low`, `high` or `start` is; None where it was not said, or has no place on this axis."""
        said = getattr(self, name)
        at = None if said is None else place(said)
        return None if at is None or (self.log and at <= 0) else at


@dataclass(frozen=True)
class Chart:
    """A picture that answers to the mouse, to fingers and to keys.

    Attributes
    ----------
    title : str
    layers : sequence of Layer
        The first ones below the others.
    x, y : Axis
    about : str
        A sentence below the title.
    height : int
        In pixels, at any width.
    wide : int, optional
        In pixels, at most; by default as wide as the page.
    square : bool
        Whether one unit is as long on both axes.
    down : bool
        Whether y rises downwards, as rows of a table do.
    half : bool
        Whether two such charts stand side by side where there is room.
    """

    title: str
    layers: Sequence[Layer]
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    about: str = ""
    height: int = 260
    wide: int | None = None
    square: bool = False
    down: bool = False
    half: bool = False

    def plain(self) -> dict[str, Any]:
        """In terms of JSON; places that several layers share are written once."""
        layers, shared, left = [], _Shared(), 0
        for layer in self.layers:
            found, out = layer.plain()
            if "x" in found:
                found["x"] = shared.number_of(found["x"])
            layers.append(found)
            left += out
        flags = {name: True for name in ("square", "down") if getattr(self, name)}
        found = {"title": shown(self.title), "height": self.height, "x": self.x.plain(), "y": self.y.plain(), **flags}
        if self.wide is not None:
            found["wide"] = self.wide
        if shared.times:
            found["x"]["time"] = apart(shared.lists)
        if any(layer["kind"] in TWO_DIMENSIONAL for layer in layers):
            found["plane"] = True
        return {**found, "places": shared.lists, "layers": layers, "left": left}


def apart(lists: Sequence[Sequence[Any]]) -> int:
    """How dates are to be written, as the milliseconds that those of a kind are apart: years, months, days or times."""
    every = np.array([ms for one in lists for ms in one if ms is not None], "datetime64[ms]")
    for unit, length in (("Y", 366), ("M", 28), ("D", 1)):
        if len(every) and (every.astype(f"datetime64[{unit}]") == every).all():
            return length * DAY
    return 0


class _Shared:
    """Lists of places, each once."""

    def __init__(self) -> None:
        self.lists: list[list[Any]] = []
        self.times = False
        self._known: dict[tuple[str, bytes], int] = {}

    def number_of(self, x: np.ndarray) -> int:
        key = (x.dtype.str, x.tobytes())
        self.times |= x.dtype.kind == "M"
        if key not in self._known:
            self._known[key] = len(self.lists)
            self.lists.append(places(x))
        return self._known[key]


def heat(
    title: str,
    values: np.ndarray,
    x: Axis,
    y: Axis,
    *,
    counts: np.ndarray | None = None,
    unit: str = "",
    most: float | None = None,
    about: str = "",
    height: int | None = None,
    wide: int | None = None,
) -> Chart:
    """A chart of a heat map, its first row at the top."""
    rows = values.shape[0]
    tall = min(max(22 * rows + 60, 160), 560) if height is None else height
    return Chart(title, [Cells(values, counts, unit, most)], x, y, about, tall, wide, down=True)
