"""Axes of tensors turned, given, taken away and joined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import (
    FEATURES,
    Atom,
    Dim,
    Filled,
    Given,
    Lengths,
    Node,
    Size,
    Sizes,
    Steps,
    Tensor,
    Whole,
    size_of_dim,
)
from elman.interop.onnx.reading.call import (
    LARGEST,
    Call,
    Operators,
    Reading,
    as_sizes,
    bounded,
    check_shape,
    refuse,
    tensor_in,
)


def _transpose(i: Reading, call: Call) -> Any:
    value = call[0]
    if isinstance(value, Filled):
        return value
    if isinstance(value, np.ndarray):
        return value.transpose(call.get("perm"))
    dims = value.dims if isinstance(value, Tensor | Whole) else refuse("it turns what has no axes")
    perm = call.get("perm") or list(range(len(dims)))[::-1]
    if sorted(perm) != list(range(len(dims))):
        raise ConversionError(f"its permutation {list(perm)} is none of {len(dims)} axes")
    return replace(value, dims=tuple(dims[k] for k in perm))


def _unsqueeze(i: Reading, call: Call) -> Any:
    value, axes = call[0], call.wholes(1, "axes")
    if axes is None:
        raise ConversionError("it has no axes")
    if isinstance(value, Filled | Lengths | Steps):
        return value
    if isinstance(value, Sizes):
        return replace(value, scalar=False) if value.scalar else refuse("it gives a shape one axis more")
    if isinstance(value, np.ndarray):
        return np.expand_dims(value, tuple(axes))
    rank = len(value.dims) + len(axes)
    places = sorted(a % rank for a in axes)
    if isinstance(value, Whole):
        return _whole_unsqueezed(value, places)
    dims, grid = list(value.dims), value.grid
    for place in places:
        if not any(FEATURES in d.parts for d in dims):  # one feature that had no axis
            dims.insert(place, Dim((FEATURES,)))
            continue
        dims.insert(place, Dim((grid.ndim,)))
        grid = grid[..., None]
    return Tensor(tuple(dims), grid, value.features)


def _whole_unsqueezed(value: Whole, places: list[int]) -> Whole:
    dims = list(value.dims)
    for place in places:
        dims.insert(place, Dim(()))
    return replace(value, dims=tuple(dims))


def _squeeze(i: Reading, call: Call) -> Any:
    value, axes = call[0], call.wholes(1, "axes")
    if isinstance(value, Filled | Lengths):
        return value
    if isinstance(value, Sizes):
        return replace(value, scalar=True)
    if isinstance(value, np.ndarray):
        return np.squeeze(value, None if axes is None else tuple(axes))
    if axes is None:
        axes = [k for k, size in enumerate(_known_shape(value)) if not size.atoms and size.number == 1]
    gone = {a % len(value.dims) for a in axes}
    dims = tuple(d for k, d in enumerate(value.dims) if k not in gone)
    if isinstance(value, Whole):
        if any(value.dims[k].parts for k in gone):
            raise ConversionError("it takes away an axis of indices: export with a dynamic batch and time")
        return replace(value, dims=dims)
    return without(value, gone, dims)


def _known_shape(value: Any) -> list[Size]:
    return value.shape if isinstance(value, Tensor) else [size_of_dim(d) for d in value.dims]


def without(value: Tensor, gone: set[int], dims: tuple[Dim, ...]) -> Tensor:
    """A tensor without some axes of one."""
    for k in gone:
        for part in value.dims[k].parts:
            if isinstance(part, Atom):
                raise ConversionError(
                    f"it takes away the axis {part.name}: export the model with dynamic axes of batch and time"
                )
            if value.size_of(part).number != 1:
                raise ConversionError(f"it takes away an axis of {value.size_of(part).number}")
    kept = [p for d in dims for p in d.parts if isinstance(p, int)]
    grid = value.grid.transpose(kept + [k for k in range(value.grid.ndim) if k not in kept])
    grid = grid.reshape(grid.shape[: len(kept)])
    number = {old: new for new, old in enumerate(kept)}
    return Tensor(
        tuple(Dim(tuple(number.get(p, p) if isinstance(p, int) else p for p in d.parts)) for d in dims),
        grid,
        value.features,
    )


def _expand(i: Reading, call: Call) -> Any:
    """Of a value what it is already; of a number, that number."""
    value, sizes = call[0], as_sizes(call[1])
    check_shape(sizes)
    if isinstance(value, Tensor):
        _check_expanded(value, sizes)
        return value
    if not isinstance(value, np.ndarray):
        return value if isinstance(value, Filled) else refuse("it repeats what is no value")
    if value.size == 1:
        return Filled(float(value.ravel()[0]))
    known = tuple(1 if s.atoms else max(s.number, 1) for s in sizes.items)
    return np.broadcast_to(value, np.broadcast_shapes(value.shape, known))


def _check_expanded(value: Tensor, sizes: Sizes) -> None:
    """Refuse what would be repeated."""
    if len(sizes.items) > len(value.dims):
        raise ConversionError(
            "it repeats values along a new axis: repeat the vector in the network, el.repeat(x, like)"
        )
    for mine, wanted in zip(value.shape[::-1], sizes.items[::-1], strict=False):
        if not mine.atoms and not wanted.atoms and wanted.number not in (1, mine.number):
            raise ConversionError("it repeats values along an axis of one")
        if wanted.atoms and not mine.atoms:
            raise ConversionError("it repeats values along batch or time: use el.repeat(x, like) in the network")


def _concat(i: Reading, call: Call) -> Any:
    given = call.inputs
    if all(isinstance(v, Filled) for v in given) and len({v.number for v in given}) == 1:
        return given[0]
    if any(isinstance(v, Sizes) for v in given):
        return Sizes(tuple(s for v in given for s in as_sizes(v).items))
    if all(isinstance(v, np.ndarray) for v in given):
        if (size := sum(one.size for one in given)) > LARGEST:  # before memory is taken for it
            raise ConversionError(f"it makes a constant of {size:,} values")
        return bounded(np.concatenate(given, int(call.get("axis", 0))))
    tensors = [tensor_in(v) for v in given]
    first, axis = tensors[0], tensors[0].place(int(call.get("axis", 0)))
    if any(len(t.dims) != len(first.dims) for t in tensors):
        raise ConversionError("it joins values of different numbers of axes")
    for other in tensors[1:]:
        join_axes(first, other, axis)
    part = first.dims[axis].only
    if part == FEATURES:
        return _side_by_side(tensors, call.where)
    if isinstance(part, int):
        turned = [_grid_like(first, t) for t in tensors]
        return Tensor(first.dims, np.concatenate(turned, part), first.features)
    raise ConversionError("it joins values along batch or time")


def _grid_like(first: Tensor, other: Tensor) -> np.ndarray:
    """The grid of another tensor, with its axes in the order of the first one's."""
    order = [0] * first.grid.ndim
    for mine, theirs in zip(first.dims, other.dims, strict=True):
        if isinstance(mine.only, int) != isinstance(theirs.only, int):
            raise ConversionError("it joins values whose axes mean different things")
        if isinstance(mine.only, int):
            order[mine.only] = theirs.only
    if sorted(order) != list(range(other.grid.ndim)) or other.features != first.features:
        raise ConversionError("it joins values of different widths, or axes that were flattened")
    return other.grid.transpose(order)


def join_axes(first: Tensor, other: Tensor, but: int = -1) -> None:
    """Batch with batch, time with time."""
    for k, (a, b) in enumerate(zip(first.dims, other.dims, strict=True)):
        if k != but and isinstance(a.only, Atom) and isinstance(b.only, Atom):
            a.only.join(b.only)


def _side_by_side(tensors: list[Tensor], where: str) -> Tensor:
    first, found = tensors[0], tensors[0]
    for other in tensors[1:]:
        if other.grid.shape != first.grid.shape or other.feature_axis != first.feature_axis:
            raise ConversionError("it joins features of values with different axes")
        grid = np.empty(found.grid.shape, object)
        for place in np.ndindex(grid.shape):
            grid[place] = joined((found.grid[place], other.grid[place]), where)
        found = Tensor(found.dims, grid, found.features + other.features)
    return found


def joined(nodes: tuple[Any, ...], where: str) -> Node:
    """Values beside one another."""
    if any(isinstance(n, Given) for n in nodes):
        raise ConversionError("it joins states that the caller gives")
    timed = max((n.timed for n in nodes), key=len)
    return Node("concat", nodes, sum(n.features for n in nodes), timed, where)


OPERATORS: Operators = {
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Expand": _expand,
    "Concat": _concat,
}
