"""Layers that make a sequence shorter in Keras: here it keeps its steps, and those that stand for Keras' are known.

A convolution with ``padding="valid"`` is a causal one whose first steps do not count; pooling over p steps stands at
the last of them. What reads them leaves the other steps out: a recurrent layer by its mask, a pooling by weights.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from elman.equations import cell
from elman.equations import functions as f
from elman.interop.keras.values import Grid, Mask, Value
from elman.network.moves import shift
from elman.network.recurrent_layers import Recurrent


@cell
def counting(p, x, h, *, every=2):
    """The number of the step, counted to `every`, from 1, and again from 0."""
    return f.where(f.equal(h, every - 1), 0, h + 1) + 0 * f.sum(x)


def is_whole(x: Value) -> bool:
    return x.grid == Grid()


def counts(walk: Any, x: Value) -> Mask | None:
    """Which steps of a sequence stand for one of Keras; None where all do."""
    if is_whole(x):
        return None
    assert x.flow.axis is not None
    key = (x.flow.axis.root(), x.grid)
    if key not in walk.grids:
        walk.grids[key] = Mask(lambda: _made(walk, x))
    return walk.grids[key]


def _made(walk: Any, x: Value) -> Any:
    first, every = x.grid.first, x.grid.every
    with walk.aside("steps", anew=True):
        one = walk.equations(0 * x.flow[:1] + 1)
        begun = shift(one, first) if first else one
        if every == 1:
            return walk.equations(begun)
        number = walk.apply(Recurrent(counting, 1, every=every), one)
        return walk.equations(begun * f.equal(number, float((first + 1) % every)))


def shortened(walk: Any, x: Value, reach: int, every: int, flow: Any) -> Value:
    """A value each step of which saw `reach` more steps of Keras' before it, every so many of them kept."""
    grid = Grid(x.grid.first + reach * x.grid.every, x.grid.every * every)
    steps = None if x.steps is None else (x.steps - reach - 1) // every + 1
    walk.least = max(walk.least, grid.first + 1)
    walk.notes.append("sequences that Keras makes shorter keep their steps here, and what reads them leaves some out")
    return Value(flow, steps, grid=grid)


def pooled(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    """`MaxPooling1D` and `AveragePooling1D`."""
    walk.timed(layer, x)
    (size,), (stride,) = _one(layer.pool_size), _one(layer.strides)
    if layer.padding != "valid" or layer.data_format != "channels_last":
        how = f"padding={layer.padding!r} and {layer.data_format}"
        raise walk.refusal(layer, f"has {how}; 'valid' and channels_last are converted")
    seen: list[Any] = [shift(x.flow, k * x.grid.every) if k else x.flow for k in range(size)]
    total = reduce(f.maximum if type(layer).__name__ == "MaxPooling1D" else _sum, seen)
    flow = walk.equations(total if type(layer).__name__ == "MaxPooling1D" else total / size)
    return shortened(walk, x, size - 1, stride, flow)


def _one(sizes: Any) -> tuple[int, ...]:
    return tuple(sizes) if isinstance(sizes, list | tuple) else (int(sizes),)


def _sum(a: Any, b: Any) -> Any:
    return a + b
