"""Calls that arrange: axes in another order, parts of them, several tensors as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from elman.equations import functions
from elman.equations.declared import constant
from elman.equations.vectors import concat, split
from elman.interop.pytorch.values import FEATURES, ONE, ROWS, STACK, STEPS, Beside, Cannot, Value, reshaped
from elman.interop.pytorch.watching import Watch, together
from elman.network.flow import running
from elman.network.moves import pool, reverse


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
        from elman.network.moves import repeat

        dims[wide[0]] = STEPS
        return value.map(lambda flow: repeat(flow, like.flow), tuple(dims))
    raise Cannot("a value is repeated along an axis that is neither steps nor rows")


# --- parts ----------------------------------------------------------------------------------------------------------


def _getitem(w: Watch, out: Any, x: Any, index: Any) -> Value:
    value = w.value(x)
    places = list(index) if isinstance(index, tuple) else [index]
    if found := _ends(w, value, places):
        return found
    if any(i is Ellipsis for i in places):
        at = next(k for k, i in enumerate(places) if i is Ellipsis)
        rest = len(value.dims) - sum(i is not None for i in places) + 1
        places[at : at + 1] = [slice(None)] * rest
    axis = 0
    for one in places:
        if one is None:
            value = value.with_dims([*value.dims[:axis], ONE, *value.dims[axis:]])
            axis += 1
            continue
        size = _size(w, value, axis)
        value = _part(w, value, axis, one, size)
        axis += not isinstance(one, int)
    return value


def _ends(w: Watch, value: Value, places: list[Any]) -> Value | None:
    """``x[torch.arange(rows), lengths - 1]``: the last step of each row."""
    tensors = [p for p in places if isinstance(p, torch.Tensor)]
    if len(tensors) != 2 or len(places) < 2 or w.lengths is None:
        return None
    wanted = {ROWS: torch.arange(w.sizes[ROWS]), STEPS: torch.tensor(w.lengths) - 1}
    said = dict(zip(value.dims, places, strict=False))
    for label, tensor in wanted.items():
        given = said.get(label)
        if not isinstance(given, torch.Tensor) or not torch.equal(given.cpu().long(), tensor):
            return None
    w.packs = True
    return value.map(lambda flow: pool(flow, "last"), tuple(d for d in value.dims if d != STEPS))


def _size(w: Watch, value: Value, axis: int) -> int:
    label = value.dims[axis]
    if label in w.sizes:
        return w.sizes[label] + (sum(value.padding) if label == STEPS else 0)
    if label == STACK:
        return value.stack[value.is_stack(axis)]
    return features(value.flows[0]) if label == FEATURES else 1


def _part(w: Watch, value: Value, axis: int, one: Any, size: int) -> Value:
    """One place of an axis, or a range of it."""
    label = value.dims[axis]
    without = [*value.dims[:axis], *value.dims[axis + 1 :]]
    if isinstance(one, slice):
        begin, end, pace = one.indices(size)
        if (begin, end, pace) == (0, size, 1):
            return value
        if label == STACK:
            numbers = value.numbers[(slice(None),) * value.is_stack(axis) + (one,)]
            return value.taken(numbers, value.dims)
        if label == FEATURES and pace == 1 and begin < end:
            return value.map(lambda flow: flow[begin:end])
        if label == STEPS and value.padding[0] == 0 and (begin, end, pace) == (0, w.sizes[STEPS], 1):
            return replace(value, padding=(0, 0))
        if label == STEPS and len(range(begin, end, pace)) == 1:
            return _step(w, value, begin, [ONE if k == axis else d for k, d in enumerate(value.dims)])
        raise Cannot(f"a range {begin}:{end} of {_called(label)} is taken")
    if isinstance(one, torch.Tensor):
        if one.ndim == 1 and torch.equal(one.cpu(), torch.arange(size)):
            return value
        raise Cannot(f"{_called(label)} are taken by a tensor of numbers")
    if not isinstance(one, int):
        raise Cannot(f"{_called(label)} are taken by {one!r}")
    number = one + size if one < 0 else one
    if label == STACK:
        return value.taken(value.numbers.take(number, value.is_stack(axis)), without)
    if label == STEPS:
        return _step(w, value, number, without)
    if label == FEATURES:
        return value.map(lambda flow: flow[number : number + 1], tuple(without))
    if label == ONE:
        return value.with_dims(without)
    raise Cannot(f"{_called(label)} number {number} is taken: a network treats all rows alike")


def _step(w: Watch, value: Value, number: int, dims: list[str]) -> Value:
    """One step of a sequence: as a value of its own, or, of a loop over the steps, as one of them."""
    if w.packs and number == w.sizes[STEPS] - 1 and not w.loops:
        raise Cannot(
            "the last step of padded sequences is taken, which is padding where a row is shorter: take the final "
            "state, or x[torch.arange(len(x)), lengths - 1]"
        )
    taken = replace(value.plain(), dims=tuple(dims), step=number)
    return taken if w.loops else settled(taken, w.sizes[STEPS] - 1)


def _called(label: str) -> str:
    return {ROWS: "rows", STEPS: "steps", FEATURES: "features", STACK: "stacked values"}.get(label, "rows and steps")


def _select(w: Watch, out: Any, x: Any, dim: int, index: int) -> Value:
    value = w.value(x)
    return _getitem(w, out, x, (slice(None),) * value.place(dim) + (index,))


def _narrow(w: Watch, out: Any, x: Any, dim: int, start: int, length: int) -> Value:
    value = w.value(x)
    return _getitem(w, out, x, (slice(None),) * value.place(dim) + (slice(start, start + length),))


def _index_select(w: Watch, out: Any, x: Any, dim: int, index: Any) -> Value:
    value = w.value(x)
    axis, count = value.place(dim), index.numel()
    size = _size(w, value, axis)
    if count == size and torch.equal(index.cpu(), torch.arange(size)):
        return value
    if value.dims[axis] == STEPS and count == size and torch.equal(index.cpu(), torch.arange(size).flip(0)):
        return value.map(reverse)
    return _part(w, value, axis, index, size)


def _gather(w: Watch, out: Any, x: Any, dim: int, index: Any, **_: Any) -> Value:
    """``x.gather(1, (lengths - 1).view(-1, 1, 1).expand(-1, 1, F))``: the last step of each row."""
    value = w.value(x)
    axis, rows = value.place(dim), value.dims.index(ROWS) if ROWS in value.dims else -1
    if w.lengths is not None and value.dims[axis] == STEPS and rows >= 0 and index.shape[axis] == 1:
        wanted = (torch.tensor(w.lengths) - 1).view([-1 if k == rows else 1 for k in range(x.ndim)])
        if torch.equal(index.cpu(), wanted.expand(index.shape)):
            w.packs = True
            dims = tuple(ONE if k == axis else d for k, d in enumerate(value.dims))
            return value.map(lambda flow: pool(flow, "last"), dims)
    raise Cannot("gather takes steps by numbers that are not those of the rows' ends")


def _unbind(w: Watch, out: Any, x: Any, dim: int = 0) -> list[Value]:
    value = w.value(x)
    axis = value.place(dim)
    return [_part(w, value, axis, k, len(out)) for k in range(len(out))]


def _split(w: Watch, out: Any, x: Any, *args: Any, **kwargs: Any) -> list[Value]:
    dim = kwargs.get("dim", args[1] if len(args) > 1 else 0)
    value = w.value(x)
    axis, begin, found = value.place(dim), 0, []
    for part in out:
        end = begin + part.shape[axis]
        found.append(_part(w, value, axis, slice(begin, end), _size(w, value, axis)))
        begin = end
    return found


def _flip(w: Watch, out: Any, x: Any, *dims: Any, **more: Any) -> Value:
    value, given = w.value(x), more.get("dims", dims)
    places = given[0] if len(given) == 1 and not isinstance(given[0], int) else given
    if [value.dims[value.place(k)] for k in places] != [STEPS]:
        raise Cannot("flip is of the steps only")
    return value.map(reverse)


# --- several as one -------------------------------------------------------------------------------------------------


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
    raise Cannot(f"{_called(values[0].dims[axis])} of several tensors are put one behind the other")


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
    **dict.fromkeys(
        "contiguous clone to cpu cuda float double type requires_grad_ type_as data expand_as".split(), _same
    ),
    **dict.fromkeys("view reshape flatten unflatten squeeze unsqueeze view_as reshape_as".split(), _view),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transpose),
    **dict.fromkeys(("t", "T", "mT"), _turned),
    **dict.fromkeys(("chunk", "split", "tensor_split"), _split),
    **dict.fromkeys(("cat", "concat", "concatenate", "hstack"), _cat),
    "detach": _detached,
    "permute": _permute,
    "expand": _expand,
    "repeat": _expand,
    "__getitem__": _getitem,
    "select": _select,
    "narrow": _narrow,
    "index_select": _index_select,
    "gather": _gather,
    "unbind": _unbind,
    "flip": _flip,
    "stack": _stack,
}
