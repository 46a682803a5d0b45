"""Calls that take parts: places and ranges of axes, steps, the ends of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from elman.interop.pytorch.meanings.shapes import axis_name, features, settled
from elman.interop.pytorch.values import FEATURES, ONE, ROWS, STACK, STEPS, Cannot, Value
from elman.interop.pytorch.watching import Watch
from elman.network.moves import pool, reverse


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
        if label in (ROWS, STEPS) and _cuts(one, size):
            raise Cannot(f"a range {one.start}:{one.stop} of {axis_name(label)} is taken, where there are more of them")
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
        raise Cannot(f"a range {begin}:{end} of {axis_name(label)} is taken")
    if isinstance(one, torch.Tensor):
        if one.ndim == 1 and torch.equal(one.cpu(), torch.arange(size)):
            return value
        raise Cannot(f"{axis_name(label)} are taken by a tensor of numbers")
    if not isinstance(one, int):
        raise Cannot(f"{axis_name(label)} are taken by {one!r}")
    number = one + size if one < 0 else one
    if label == STACK:
        return value.taken(value.numbers.take(number, value.is_stack(axis)), without)
    if label == STEPS:
        return _step(w, value, number, without)
    if label == FEATURES:
        return value.map(lambda flow: flow[number : number + 1], tuple(without))
    if label == ONE:
        return value.with_dims(without)
    raise Cannot(f"{axis_name(label)} number {number} is taken: a network treats all rows alike")


def _cuts(one: slice, size: int) -> bool:
    """Whether a range has an end beyond those that are there now: more of them would be cut."""
    ends = [int(end) for end in (one.start, one.stop) if end is not None]
    return any(end > size or end < -size for end in ends)


def _step(w: Watch, value: Value, number: int, dims: list[str]) -> Value:
    """One step of a sequence: as a value of its own, or, of a loop over the steps, as one of them."""
    if w.packs and number == w.sizes[STEPS] - 1 and not w.loops:
        raise Cannot(
            "the last step of padded sequences is taken, which is padding where a row is shorter: take the final "
            "state, or x[torch.arange(len(x)), lengths - 1]"
        )
    taken = replace(value.plain(), dims=tuple(dims), step=number)
    return taken if w.loops else settled(taken, w.sizes[STEPS] - 1)


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


MEANINGS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("chunk", "split", "tensor_split"), _split),
    "__getitem__": _getitem,
    "select": _select,
    "narrow": _narrow,
    "index_select": _index_select,
    "gather": _gather,
    "unbind": _unbind,
    "flip": _flip,
}
