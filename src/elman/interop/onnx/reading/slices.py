"""Parts of values: slices, single places, steps of a sequence, and rows of tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import FEATURES, Atom, Dim, Filled, Given, Node, Sizes, Steps, Tensor, Whole
from elman.interop.onnx.reading.call import Call, Operators, Reading, array_in, bounded, tensor_in
from elman.interop.onnx.reading.moves import without
from elman.interop.report import Mapped
from elman.network import Embedding


def sliced(node: Any, first: int, end: int, where: str) -> Node:
    """Some features."""
    if isinstance(node, Given):
        raise ConversionError("it cuts a state that the caller gives into parts")
    if (first, end) == (0, node.features):
        return node
    return Node("slice", (node,), end - first, node.timed, where, option=(first, end))


def _slice(i: Reading, call: Call) -> Any:
    value = call[0]
    starts, ends = call.wholes(1, "starts"), call.wholes(2, "ends")
    if starts is None or ends is None or len(starts) != len(ends):
        raise ConversionError("it has no starts and ends that fit")
    axes = call.wholes(3, "axes") or list(range(len(starts)))
    steps = call.wholes(4, "steps") or [1] * len(starts)
    if len(axes) != len(starts) or len(steps) != len(starts) or 0 in steps:
        raise ConversionError("its axes and steps do not fit")
    if isinstance(value, Filled | Steps):
        return value
    for axis, first, end, step in zip(axes, starts, ends, steps, strict=True):
        value = sliced_along(value, axis, slice(first, _end(end, step), step), call.where)
    return value


def _end(end: int, step: int) -> int | None:
    return None if step < 0 and end < -(2**30) else end


def sliced_along(value: Any, axis: int, part: slice, where: str) -> Any:
    if isinstance(value, np.ndarray):
        return value[(slice(None),) * (axis % value.ndim) + (part,)]
    if isinstance(value, Sizes):
        return Sizes(value.items[part])
    tensor = tensor_in(value)
    axis = tensor.place(axis)
    what = tensor.dims[axis].only
    if isinstance(what, int):
        return Tensor(tensor.dims, tensor.grid[(slice(None),) * what + (part,)], tensor.features)
    if what == FEATURES:
        chosen = range(tensor.features)[part]
        if part.step != 1 or not len(chosen):
            raise ConversionError("it takes features that do not lie beside one another")
        return tensor.map(lambda n: sliced(n, chosen[0], chosen[-1] + 1, where), len(chosen))
    if not isinstance(what, Atom):
        raise ConversionError("it cuts axes that were flattened")
    return _sliced_in_time(tensor, axis, what, part, where)


def _sliced_in_time(tensor: Tensor, axis: int, atom: Atom, part: slice, where: str) -> Tensor:
    first, end, step = part.start, part.stop, part.step
    size = atom.root().size
    whole = first == 0 and (end is not None and (end >= 2**31 - 1 or end == size))
    if step == 1 and whole:
        return tensor
    if step == -1 and end is None and (first == -1 or first >= 2**31 - 1 or first == (size or 0) - 1):
        atom.be("time")
        return tensor.map(lambda n: Node("reverse", (n,), n.features, n.timed, where))
    last = first == -1 and (end is None or end >= 2**31 - 1 or end == size)
    last = last or (size is not None and (first, end) == (size - 1, size))
    if step == 1 and (last or (first, end) == (0, 1)):
        found = _step_of(tensor, axis, atom, -1 if last else 0, where)
        dims = [*found.dims[:axis], Dim((found.grid.ndim,)), *found.dims[axis:]]
        return Tensor(tuple(dims), found.grid[..., None], found.features)
    raise ConversionError(
        f"it takes the steps {first} to {end} of a sequence; the first, the last and all are read. Where every step is "
        "taken, the recurrence is written out step by step: export with dynamo=False, or convert the original model"
    )


def _step_of(tensor: Tensor, axis: int, atom: Atom, step: int, where: str) -> Tensor:
    """The first or the last step, without the axis of time."""
    atom.be("time")
    how = "last" if step == -1 else "first"
    dims = tuple(d for k, d in enumerate(tensor.dims) if k != axis)
    return replace(tensor, dims=dims).map(lambda n: pooled(n, how, atom, where))


def pooled(node: Any, how: str, atom: Atom, where: str) -> Node:
    timed = tuple(a for a in node.timed if a.root() is not atom.root())
    return Node("pool", (node,), node.features, timed, where, option=how)


def _gather(i: Reading, call: Call) -> Any:
    value, axis = call[0], int(call.get("axis", 0))
    if isinstance(call[1], Whole):
        return _embedded(i, call, array_in(value, "the table"), call[1])
    index = array_in(call[1], "its index")
    if isinstance(value, Filled):
        return value
    if isinstance(value, np.ndarray):
        return bounded(np.take(value, index, axis))
    if isinstance(value, Sizes):
        chosen = [value.items[k] for k in index.ravel()]
        return Sizes(tuple(chosen), index.ndim == 0)
    tensor = tensor_in(value)
    axis = tensor.place(axis)
    if index.ndim > 1:
        raise ConversionError("its index has several axes")
    if index.ndim == 1 and len(index) != 1 and not isinstance(tensor.dims[axis].only, int):
        raise ConversionError("it gathers several places along batch, time or features")
    return picked(tensor, axis, index, call.where)


def picked(tensor: Tensor, axis: int, index: np.ndarray, where: str) -> Tensor:
    what = tensor.dims[axis].only
    if isinstance(what, int):
        found = Tensor(tensor.dims, tensor.grid.take(index.ravel(), what), tensor.features)
        dims = tuple(d for k, d in enumerate(tensor.dims) if k != axis)
        return found if index.ndim else without(found, {axis}, dims)
    place = int(index.ravel()[0])
    if what == FEATURES:
        place %= tensor.features
        found = tensor.map(lambda n: sliced(n, place, place + 1, where), 1)
    elif isinstance(what, Atom):
        size = what.root().size
        step = {size and size - 1: -1}.get(place, place)
        if step not in (0, -1):
            raise ConversionError(f"it takes step {place} of a sequence; the first and the last are read")
        found = _step_of(tensor, axis, what, step, where)
        if not index.ndim:
            return found
        kept = [*found.dims[:axis], Dim((found.grid.ndim,)), *found.dims[axis:]]
        return Tensor(tuple(kept), found.grid[..., None], found.features)
    else:
        raise ConversionError("it gathers along axes that were flattened")
    return found if index.ndim else without(found, {axis}, tuple(d for k, d in enumerate(found.dims) if k != axis))


def _embedded(i: Reading, call: Call, table: np.ndarray, index: Whole) -> Tensor:
    if table.ndim != 2 or int(call.get("axis", 0)) != 0 or table.dtype.kind != "f":
        raise ConversionError("its table is no matrix of numbers, looked up by rows")
    every = np.arange(len(table))
    if not np.array_equal(np.asarray(index.function(every), np.float64), every):
        raise ConversionError("its indices are computed from the input in a way that a layer has none for")
    if any(len(d.parts) > 1 for d in index.dims):
        raise ConversionError("its indices lie on axes that were flattened")
    layer = Embedding(*table.shape)
    node = Node("layer", (index.node,), table.shape[1], index.node.timed, call.where, layer, {"E": table})
    i.mapped.append(Mapped(call.node.input[0], call.where, "embedding"))
    grid = np.empty((1,) * sum(not d.parts for d in index.dims), object)
    grid[...] = node
    numbers = iter(range(grid.ndim))
    dims = [d if d.parts else Dim((next(numbers),)) for d in index.dims]
    return Tensor((*dims, Dim((FEATURES,))), grid, table.shape[1])


def _split(i: Reading, call: Call) -> Any:
    value, axis = call[0], int(call.get("axis", 0))
    sizes = call.wholes(1, "split")
    count = len(call.node.output)
    if isinstance(value, Filled):
        return (value,) * count
    if sizes is None:
        total = value.shape[axis] if isinstance(value, np.ndarray) else tensor_in(value).shape[value.place(axis)].number
        each = -(-total // count)
        sizes = [min(each, total - k * each) for k in range(count)]
    ends = np.cumsum(sizes)
    parts = [slice(int(end - size), int(end), 1) for size, end in zip(sizes, ends, strict=True)]
    return tuple(sliced_along(value, axis, part, call.where) for part in parts)


OPERATORS: Operators = {
    "Slice": _slice,
    "Gather": _gather,
    "Split": _split,
}
