"""Calls that arrange: axes in another order, put together and taken apart, repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.equations import functions
from elman.equations.declared import constant
from elman.equations.vectors import concat, split
from elman.interop.pytorch.values import FEATURES, ONE, ROWS, STACK, STEPS, Beside, Cannot, Value, reshaped
from elman.interop.pytorch.watching import Watch
from elman.network.flow import running
from elman.network.moves import pool, repeat


def beside(sizes: dict[str, int]) -> Beside:
    """How features are put together."""
    return Beside(concat, split, _in_order, sizes)


def _in_order(flow: Any, order: np.ndarray) -> Any:
    """Features in another order, by a matrix of ones and zeros."""
    return constant(np.eye(len(order))[order]) @ flow


def features(flow: Any) -> int:
    """How many a flow has."""
    return int(running().flow(flow).features)


def settled(value: Value, last: int) -> Value:
    """A step of a sequence as a value of its own: the first or the last one."""
    if value.step is None:
        return value
    if value.step not in (0, last):
        raise Cannot(f"step {value.step} of a sequence is taken: there are the first one, the last one and all of them")
    which = "first" if value.step == 0 else "last"
    return replace(value.map(lambda flow: pool(flow, which)), step=None)


def featured(value: Value) -> Value:
    """Values of one feature each that are stacked last, without an axis of features: that axis is the features."""
    if FEATURES in value.dims or value.dims[-1:] != (STACK,):
        return value
    numbers = value.numbers.reshape(-1, value.stack[-1])
    flows = tuple(concat(*(value.flows[k] for k in row)) for row in numbers)
    return replace(value.plain(), dims=(*value.dims[:-1], FEATURES), flows=flows, stack=value.stack[:-1])


def axis_name(label: str) -> str:
    return {ROWS: "rows", STEPS: "steps", FEATURES: "features", STACK: "stacked values"}.get(label, "rows and steps")


# --- axes -----------------------------------------------------------------------------------------------------------


def _same(w: Watch, out: Any, x: Any, *_: Any, **__: Any) -> Value:
    return w.value(x)


def _detached(w: Watch, out: Any, x: Any, *_: Any, **__: Any) -> Value:
    value = w.value(x)
    return value if value.is_given or value.is_final else value.map(functions.stop_gradient)


def _ordered(value: Value, order: Sequence[int]) -> Value:
    """Axes in another order."""
    stacks = [value.is_stack(k) for k in order if value.dims[k] == STACK]
    dims = [value.dims[k] for k in order]
    if stacks == sorted(stacks):
        return value.with_dims(dims)
    return value.taken(value.numbers.transpose(stacks), dims)


def _permute(w: Watch, out: Any, x: Any, *dims: Any, **more: Any) -> Value:
    value, order = w.value(x), more.get("dims", dims)
    order = order[0] if len(order) == 1 and not isinstance(order[0], int) else order
    return _ordered(value, [value.place(k) for k in order])


def _transpose(w: Watch, out: Any, x: Any, dim0: int = 0, dim1: int = 1) -> Value:
    value = w.value(x)
    order = list(range(len(value.dims)))
    a, b = value.place(dim0), value.place(dim1)
    order[a], order[b] = b, a
    return _ordered(value, order)


def _turned(w: Watch, out: Any, x: Any) -> Value:
    return _transpose(w, out, x, -2, -1)


def _view(w: Watch, out: Any, x: Any, *_: Any, **__: Any) -> Value:
    value = w.value(x)
    if tuple(x.shape) == tuple(out.shape):
        return value
    return reshaped(value, x.shape, out.shape, w.beside)


def _expand(w: Watch, out: Any, x: Any, *_: Any, **__: Any) -> Value:
    """A value that stands for several alike: in sums and products it does so anyway."""
    value, more = w.value(x), out.ndim - x.ndim
    if tuple(x.shape) == tuple(out.shape):
        return value
    if any(d != ONE for d, a, b in zip(value.dims, x.shape, out.shape[more:], strict=True) if a != b):
        raise Cannot("features of one value are repeated")
    wide = [k for k in range(out.ndim) if (k < more or x.shape[k - more] != out.shape[k]) and out.shape[k] > 1]
    dims = [*([ONE] * more), *value.dims]
    if wide and STEPS not in dims and [out.shape[k] for k in wide] == [w.sizes[STEPS]]:
        like = next(v for v in w.values.values() if STEPS in v.dims and len(v.flows) == 1)
        dims[wide[0]] = STEPS
        return value.map(lambda flow: repeat(flow, like.flow), tuple(dims))
    raise Cannot("a value is repeated along an axis that is neither steps nor rows")


MEANINGS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        "contiguous clone to cpu cuda float double type requires_grad_ type_as data expand_as".split(), _same
    ),
    **dict.fromkeys("view reshape flatten unflatten squeeze unsqueeze view_as reshape_as".split(), _view),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transpose),
    **dict.fromkeys(("t", "T", "mT"), _turned),
    "detach": _detached,
    "permute": _permute,
    "expand": _expand,
    "repeat": _expand,
}
