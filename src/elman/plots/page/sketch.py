"""A still picture of a chart, for where no script runs: its shapes, and where its axes begin and end in words."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np

from elman.checks import visible
from elman.plots.page.chart import Axis, Chart
from elman.plots.page.layers import Band, Bars, Cells, Dots, Layer, Line, Rule, Spans
from elman.plots.page.thinning import thinned

WIDE, TALL = 1000, 300  # of the picture, which is stretched to its place
FEW = 200  # values of a line
MOST_CELLS = 20  # rows, and columns, of a heat map

Scale = Callable[[np.ndarray], np.ndarray]


def sketch(chart: Chart, name: str) -> str:
    """SVG and a line of words; `name` is shown already."""
    layers = [layer for layer in chart.layers if not getattr(layer, "hidden", False)]
    (x, along), (y, up) = _scale(chart.x, _all(layers, _x_of), WIDE), _scale(chart.y, _all(layers, _y_of), TALL)
    if x is None or y is None:
        return '<p class="note">There is nothing to draw.</p>'
    turned: Scale = y if chart.down else lambda values: TALL - y(values)
    shapes = "".join(shape for layer in layers for shape in _shapes(layer, x, turned))
    words = html.escape(visible(f"{chart.x.label or 'x'} {along}; {chart.y.label or 'y'} {up}", line=True))
    svg = f'<svg class="sketch" viewBox="0 0 {WIDE} {TALL}" preserveAspectRatio="none" role="img" aria-label="{name}">'
    return f'{svg}{shapes}</svg><p class="note">{words}</p>'


def _all(layers: Iterable[Layer], of: Callable[[Layer], list[Any]]) -> np.ndarray:
    parts = [_floats(np.asarray(part)).ravel() for layer in layers for part in of(layer)]
    return np.concatenate(parts) if parts else np.empty(0)


def _floats(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "M":
        return values.astype(float)
    ms = values.astype("datetime64[ms]")
    return np.where(np.isnat(ms), np.nan, ms.astype(np.int64).astype(float))


def _x_of(layer: Layer) -> list[Any]:
    if isinstance(layer, Bars):
        return [layer.edges]
    if isinstance(layer, Spans):
        return [layer.low, layer.high] if layer.level else [layer.at]
    if isinstance(layer, Cells):
        return [[-0.5, np.shape(layer.values)[1] - 0.5]]
    return ([] if layer.x is None else [[layer.x]]) if isinstance(layer, Rule) else [layer.x]


def _y_of(layer: Layer) -> list[Any]:
    if isinstance(layer, Spans):
        return [layer.at] if layer.level else [layer.low, layer.high]
    if isinstance(layer, Cells):
        return [[-0.5, np.shape(layer.values)[0] - 0.5]]
    if isinstance(layer, Rule):
        return [] if layer.y is None else [[layer.y]]
    if isinstance(layer, Band):
        return [layer.low, layer.high]
    return [layer.y, [0.0]] if isinstance(layer, Bars) else [layer.y]


def _scale(axis: Axis, values: np.ndarray, length: int) -> tuple[Scale | None, str]:
    """What takes values to places, and in words where the axis begins and ends."""
    known = values[np.isfinite(values) & ((values > 0) | (not axis.log))]
    if not len(known):
        return None, ""
    begins, ends = axis.end("low"), axis.end("high")
    low = float(known.min() if begins is None else begins)
    high = float(known.max() if ends is None else ends)
    first, last = (float(np.log10(end)) if axis.log else end / 2 for end in (low, high))

    def scale(found: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            at = np.log10(_floats(found)) if axis.log else _floats(found) / 2  # half of it, as a range may be no number
            share = np.clip((at - first) / ((last - first) or 1.0), -0.05, 1.05)
        return np.where(np.isfinite(at), share * length, np.nan)

    return scale, "" if axis.names else f"from {low:.4g} to {high:.4g}"


def _shapes(layer: Layer, x: Scale, y: Scale) -> Iterator[str]:
    colour = f"c-{getattr(layer, 'colour', 0)}"
    if isinstance(layer, Line):
        kept = thinned(np.asarray(layer.y, float), FEW)
        yield f'<path class="line {colour}" d="{_path(x(np.asarray(layer.x)[kept]), y(np.asarray(layer.y)[kept]))}"/>'
    elif isinstance(layer, Dots):
        at, up = x(np.asarray(layer.x)), y(np.asarray(layer.y, float))
        points = [f"M{a:.0f} {b:.0f}h0" for a, b in zip(at, up, strict=True) if np.isfinite(a + b)]
        yield f'<path class="dots {colour}" d="{"".join(points)}"/>'
    elif isinstance(layer, Band):
        yield f'<path class="band {colour}" opacity="{layer.strength:.2f}" d="{_outline(layer, x, y)}"/>'
    elif isinstance(layer, Bars):
        edges, tops = x(np.asarray(layer.edges)), y(np.asarray(layer.y, float))
        floor = float(np.nan_to_num(y(np.zeros(1))[0], nan=TALL))  # the bottom, where 0 has no place
        for left, right, top in zip(edges, edges[1:], tops, strict=False):
            if np.isfinite([left, right, top]).all():
                yield _box(left, min(top, floor), right - left, abs(floor - top), f"bar {colour}")
    elif isinstance(layer, Cells):
        yield from _boxes(layer, x, y)


def _path(x: np.ndarray, y: np.ndarray) -> str:
    found, pen = [], False
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        there = bool(np.isfinite(a) and np.isfinite(b))
        found += [f"{'L' if pen else 'M'}{a:.0f} {b:.0f}"] if there else []
        pen = there
    return "".join(found)


def _outline(band: Band, x: Scale, y: Scale) -> str:
    low, high = np.asarray(band.low, float), np.asarray(band.high, float)
    kept = np.union1d(thinned(low, FEW), thinned(high, FEW))
    kept = kept[np.isfinite(low[kept]) & np.isfinite(high[kept])]
    at = x(np.asarray(band.x)[kept])
    return _path(np.concatenate([at, at[::-1]]), np.concatenate([y(low[kept]), y(high[kept])[::-1]]))


def _boxes(cells: Cells, x: Scale, y: Scale) -> Iterator[str]:
    """A path for each shade; of many rows and columns every so many."""
    values = np.asarray(cells.values, float)
    rows, columns = (max(1, -(-size // MOST_CELLS)) for size in values.shape)
    most = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    paths: dict[str, str] = {}
    for row, column in product(range(0, values.shape[0], rows), range(0, values.shape[1], columns)):
        value = values[row, column]
        if np.isfinite(value):
            (left, right), (top, bottom) = (
                x(column + np.array([-0.5, columns - 0.5])),
                y(row + np.array([-0.5, rows - 0.5])),
            )
            if not np.isfinite([left, right, top, bottom]).all():
                continue
            shade = f"{'cold' if value >= 0 else 'warm'}-{round(8 * (abs(value) / most))}"
            paths[shade] = paths.get(shade, "") + f"M{left:.0f} {top:.0f}H{right:.0f}V{bottom:.0f}H{left:.0f}"
    yield from (f'<path class="{shade}" d="{path}"/>' for shade, path in paths.items())


def _box(x: float, y: float, width: float, height: float, name: str) -> str:
    return f'<rect class="{name}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"/>'
