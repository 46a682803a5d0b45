"""Calls that gather along an axis, and products: over steps, over features, with a matrix of parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from elman.equations import functions as f
from elman.interop.pytorch.meanings.arithmetic import TWO
from elman.interop.pytorch.meanings.layers import linear
from elman.interop.pytorch.values import FEATURES, ONE, STACK, STEPS, Cannot, Value, merged
from elman.interop.pytorch.watching import Watch
from elman.network.moves import pool


def _softmax(of_features: Callable[[Any], Any], is_log: bool) -> Callable[..., Any]:
    def meaning(w: Watch, out: Any, x: Any, dim: Any = None, *_: Any, **__: Any) -> Value:
        value = w.value(x)
        if dim is None:
            raise Cannot("softmax without a dim: say which axis")
        label = value.dims[value.place(dim)]
        if label == FEATURES:
            return value.map(of_features)
        if label != STEPS or is_log:
            raise Cannot("softmax is over the features, or over the steps")
        return value.map(_over_steps)

    return meaning


def _over_steps(flow: Any) -> Any:
    e = f.exp(flow - pool(flow, "max"))
    return e / pool(e, "sum")


# --- along an axis --------------------------------------------------------------------------------------------------

_OF_FEATURES: dict[str, Callable[[Any], Any]] = {"sum": f.sum, "mean": f.mean, "max": f.max}


def _along(how: str) -> Callable[..., Any]:
    def meaning(w: Watch, out: Any, x: Any, dim: Any = None, keepdim: bool = False, **more: Any) -> Any:
        value = w.value(x)
        dim = more.get("axis", dim)
        if dim is None:
            raise Cannot(f"{how} over all axes at once: rows are put together")
        if isinstance(dim, torch.Tensor):
            return TWO["maximum"](w, out, x, dim)
        dims = [value.place(k) for k in (dim if isinstance(dim, tuple | list) else [dim])]
        for k in sorted(dims, reverse=True):
            value = _gathered(w, value, k, how, more.get("keepdims", keepdim))
        return (value, None) if isinstance(out, tuple) else value

    return meaning


def _gathered(w: Watch, value: Value, axis: int, how: str, keep: bool) -> Value:
    label = value.dims[axis]
    dims = tuple(d for k, d in enumerate(value.dims) if k != axis)
    dims = (*dims[:axis], ONE, *dims[axis:]) if keep else dims
    if label == STEPS:
        if w.packs and how != "sum":
            raise Cannot(f"the {how} over padded sequences counts the padding: divide their sum by the lengths")
        return value.map(lambda flow: pool(flow, how), dims)
    if label == FEATURES:
        return value.map(_OF_FEATURES[how], dims)
    if label == ONE:
        return value.with_dims(dims)
    if label != STACK:
        raise Cannot(f"{how} over rows: a network treats each row by itself")
    place = value.is_stack(axis)
    numbers = np.moveaxis(value.numbers, place, -1)
    flows = tuple(_together(how, [value.flows[k] for k in row]) for row in numbers.reshape(-1, numbers.shape[-1]))
    return replace(value.plain(), dims=dims, flows=flows, stack=numbers.shape[:-1])


def _together(how: str, flows: list[Any]) -> Any:
    total = flows[0]
    for flow in flows[1:]:
        total = f.maximum(total, flow) if how == "max" else total + flow
    return total / len(flows) if how == "mean" else total


def _pool1d(how: str) -> Callable[..., Any]:
    """Adaptive pooling of (B, F, T) to one step."""

    def meaning(w: Watch, out: Any, x: Any, output_size: Any = None, *_: Any, **__: Any) -> Any:
        first = out[0] if isinstance(out, tuple) else out
        value = w.value(x)
        if value.dims[-1] != STEPS or first.shape[-1] != 1:
            raise Cannot("pooling over the steps leaves one step")
        found = _gathered(w, value, len(value.dims) - 1, how, True)
        return (found, None) if isinstance(out, tuple) else found

    return meaning


# --- products -------------------------------------------------------------------------------------------------------


def _matmul(w: Watch, out: Any, a: Any, b: Any) -> Value:
    """With a matrix of parameters, as a linear layer; of two values, over the features or over the steps."""
    if not w.knows(b):
        if b.ndim == 1:
            found = linear(w, w.value(a), b.unsqueeze(0), None, of=b)
            return found.with_dims(found.dims[:-1])
        return linear(w, w.value(a), b.t(), None, of=b)
    if not w.knows(a):
        raise Cannot("a fixed matrix multiplies from the left: write F.linear(x, matrix)")
    left, right = w.value(a), w.value(b)
    inner, other = left.dims[-1], right.dims[-2] if len(right.dims) > 1 else right.dims[-1]
    if {inner, other} <= {STEPS} and ONE in (left.dims[-2], right.dims[-1]):
        one = replace(left, dims=(*left.dims[:-2], STEPS, left.dims[-2]))  # weights of the steps
        product = _two_values(one, right)
        return product.map(lambda flow: pool(flow, "sum"), _without(left, right))
    if {inner, other} <= {FEATURES, ONE} and right.dims[-1] in (ONE, STEPS) and left.dims[-2] in (ONE, STEPS):
        turned = replace(right, dims=(*right.dims[:-2], right.dims[-1], right.dims[-2]))
        if left.dims[-2] == right.dims[-1] == STEPS:
            raise Cannot("each step meets each other step: el.attend(query, keys) is attention in a network")
        product = _two_values(left, turned)
        return product.map(f.sum, (*product.dims[:-2], left.dims[-2], right.dims[-1]))
    raise Cannot(f"a product of axes {left.dims} and {right.dims}")


def _two_values(one: Value, other: Value) -> Value:
    dims, stack, (left, right) = merged([one.plain(), other.plain()])
    return Value(dims, tuple(a * b for a, b in zip(left, right, strict=True)), stack)


def _without(left: Value, right: Value) -> tuple[str, ...]:
    return (*left.dims[:-2], left.dims[-2], right.dims[-1])


MEANINGS: dict[str, Callable[..., Any]] = {
    "softmax": _softmax(f.softmax, False),
    "log_softmax": _softmax(f.log_softmax, True),
    "mean": _along("mean"),
    "sum": _along("sum"),
    "max": _along("max"),
    "amax": _along("max"),
    "adaptive_avg_pool1d": _pool1d("mean"),
    "adaptive_max_pool1d": _pool1d("max"),
    "adaptive_max_pool1d_with_indices": _pool1d("max"),
    "matmul": _matmul,
    "__matmul__": _matmul,
    "bmm": _matmul,
}
