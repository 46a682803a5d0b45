"""Calls that make one tensor of several: features beside one another, stacks, the steps of a loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from elman.equations.vectors import concat
from elman.interop.pytorch.meanings.shapes import axis_name, settled
from elman.interop.pytorch.values import FEATURES, ONE, STACK, STEPS, Cannot, Value
from elman.interop.pytorch.watching import Watch, together


def _cat(w: Watch, out: Any, tensors: Any, dim: int = 0, **more: Any) -> Value:
    values = [w.value(x) for x in tensors]
    axis = values[0].place(more.get("axis", dim))
    narrow = values[0].dims[axis] == ONE or (values[0].dims[axis] == FEATURES and tensors[0].shape[axis] == 1)
    if len({v.dims for v in values}) == 1 and narrow:
        if [v.step for v in values] == list(range(w.sizes[STEPS])):
            return together(values, tuple(STEPS if k == axis else d for k, d in enumerate(values[0].dims)))
        if FEATURES not in values[0].dims:
            values = [v.with_dims([FEATURES if k == axis else d for k, d in enumerate(v.dims)]) for v in values]
    values, step = _of_one_step(w, values)
    labels = {v.dims[axis] for v in values}
    if labels <= {FEATURES, ONE} and FEATURES in labels:
        return _beside(values, axis, step)
    if labels <= {STACK, ONE}:
        return replace(_stacked(values, axis), step=step)
    raise Cannot(f"{axis_name(values[0].dims[axis])} of several tensors are put one behind the other")


def _of_one_step(w: Watch, values: list[Value]) -> tuple[list[Value], int | None]:
    """Values that go together at one step, and which that is; those of several steps as values of their own."""
    steps = {v.step for v in values if v.step is not None}
    if len(steps) > 1:
        return [settled(v, w.sizes[STEPS] - 1) for v in values], None
    return values, steps.pop() if steps else None


def _beside(values: list[Value], axis: int, step: int | None) -> Value:
    """Features put together."""
    dims = [tuple(d for k, d in enumerate(v.dims) if k != axis) for v in values]
    if len(set(dims)) > 1 or len({v.stack for v in values}) > 1:
        raise Cannot(f"axes {dims[0]} and {dims[-1]} do not fit beside one another")
    flows = tuple(concat(*parts) for parts in zip(*(v.flows for v in values), strict=True))
    around = [*dims[0][:axis], FEATURES, *dims[0][axis:]]
    return replace(values[0].plain(), dims=tuple(around), flows=flows, step=step)


def _stacked(values: list[Value], axis: int) -> Value:
    """Stacks put one behind the other."""
    dims = tuple(STACK if k == axis else d for k, d in enumerate(values[0].dims))
    place = dims[:axis].count(STACK)
    pools: list[Any] = []
    arrays = []
    for v in values:
        numbers = v.numbers + len(pools)
        pools += v.flows
        arrays.append(numbers if v.dims[axis] == STACK else np.expand_dims(numbers, place))
    order = np.concatenate(arrays, place)
    whole = replace(values[0].plain(), flows=tuple(pools), stack=(len(pools),))
    return whole.taken(order, dims)


def _stack(w: Watch, out: Any, tensors: Any, dim: int = 0, **more: Any) -> Value:
    values = [w.value(x) for x in tensors]
    if len({v.dims for v in values}) > 1:
        raise Cannot("tensors of unlike axes are stacked")
    at = dim % (len(values[0].dims) + 1)
    dims = [*values[0].dims[:at], ONE, *values[0].dims[at:]]
    if [v.step for v in values] == list(range(w.sizes[STEPS])):
        return together(values, tuple(STEPS if k == at else d for k, d in enumerate(dims)))
    values, step = _of_one_step(w, values)
    return replace(_stacked([v.with_dims(dims) for v in values], at), step=step)


for _one in (_cat, _stack):  # of several steps
    _one.of_steps = True  # type: ignore[attr-defined]

MEANINGS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("cat", "concat", "concatenate", "hstack"), _cat),
    "stack": _stack,
}
