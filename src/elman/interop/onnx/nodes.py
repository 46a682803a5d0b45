"""ONNX nodes, one after the other: what each makes of tensors whose axes are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from elman.equations import functions as el
from elman.equations.vectors import concat as _concat_flows
from elman.errors import ConversionError, ElmanError
from elman.interop.onnx.axes import (
    FEATURES,
    Atom,
    Dim,
    Filled,
    Given,
    Known,
    Lengths,
    Node,
    Size,
    Sizes,
    Steps,
    Tensor,
    Whole,
    tensor_of,
)
from elman.interop.onnx.file import dtype_of, values
from elman.interop.onnx.recurrent import DIRECTIONS, GATES, Weights, direction, functions
from elman.interop.report import Mapped
from elman.network import Activation, BatchNorm, Dense, Embedding, LayerNorm

LARGEST = 2**27  # values of a constant that is computed while a model is read

ADVICE = {
    "Loop": "tf2onnx and others write a layer so that they do not know as RNN, GRU or LSTM: convert the Keras or PyTorch "
    "model itself (from_keras, from_torch), or export it from a framework that writes such nodes",
    "Scan": "the equations of a step, which are not read back: keep Elman's own model file beside it, or convert the "
    "original model",
    "If": "a choice between two graphs: export the model with inputs that are always used in one way, or simplify it",
    "Conv": "write the layer as el.Conv1D and assign its weights",
}


class Interpreter:
    """Goes through the nodes of a graph.

    Parameters
    ----------
    graph : onnx.GraphProto
    opset : int
    known : dict of str to Known
        Inputs and constants; what nodes make is added.
    """

    def __init__(self, graph: Any, opset: int, known: dict[str, Known]):
        self.graph, self.opset, self.known = graph, opset, known
        self.mapped: list[Mapped] = []
        self.notes: list[str] = []
        self.lengths: dict[str, list[Atom]] = {}
        self.uses = _uses(graph)

    def run(self) -> None:
        for node in self.graph.node:
            self._run(node)

    def _run(self, node: Any) -> None:
        where = called(node)
        if node.domain not in ("", "ai.onnx"):
            raise ConversionError(f"{where} is of the operators {node.domain!r}, which are not ONNX's own: export without them")
        if node.op_type not in OPERATORS:
            advice = ADVICE.get(node.op_type, "rewrite that part of the model, or make the network by hand and assign its weights")
            raise ConversionError(f"{where} is not read: {advice}")
        try:
            inputs = [self._input(name) for name in node.input]
            found = OPERATORS[node.op_type](self, Call(node, where, inputs, attributes(node)))
        except ElmanError as error:
            raise ConversionError(f"{where}: {str(error).removeprefix(where + ': ')}") from error
        except Exception as error:  # of a file that holds anything
            raise ConversionError(f"{where} cannot be read: {type(error).__name__}: {error}") from error
        outputs = found if isinstance(found, tuple) else (found,)
        self.known |= {name: value for name, value in zip(node.output, outputs, strict=False) if name}

    def _input(self, name: str) -> Any:
        if name and name not in self.known:
            raise ConversionError(f"it reads {name!r}, which nothing makes before it")
        return self.known[name] if name else None


class Call:
    """A node with what it reads; an input that was left out is None."""

    def __init__(self, node: Any, where: str, inputs: list[Any], attributes: dict[str, Any]):
        self.node, self.where, self.inputs, self.attributes = node, where, inputs, attributes

    def __getitem__(self, k: int) -> Any:
        return self.inputs[k] if k < len(self.inputs) else None

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def wholes(self, k: int, name: str) -> list[int] | None:
        """Whole numbers that are an input, or in older operators an attribute."""
        value = self[k]
        if value is None:
            found = self.get(name)
            return None if found is None else [int(n) for n in found]
        if isinstance(value, Sizes) and all(not s.atoms for s in value.items):
            return [s.number for s in value.items]
        if not isinstance(value, np.ndarray):
            raise ConversionError(f"its {name} are computed from data: export with fixed ones")
        return [int(n) for n in value.ravel()]


def called(node: Any) -> str:
    """A node in a message."""
    name = node.name or next((o for o in node.output if o), "")
    return f"node {name!r} ({node.op_type})"


def attributes(node: Any) -> dict[str, Any]:
    """By name; tensors as arrays."""
    kinds = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}
    found: dict[str, Any] = {}
    for a in node.attribute:
        if a.ref_attr_name or a.type not in kinds:
            raise ConversionError(f"its attribute {a.name!r} is none that is read here")
        value = getattr(a, kinds[a.type])
        found[a.name] = values(value) if a.type == 4 else list(value) if a.type > 4 else value
    return found


def _uses(graph: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in [*(n for node in graph.node for n in node.input), *(o.name for o in graph.output)]:
        found[name] = found.get(name, 0) + 1
    return found


def _refuse(what: str) -> Any:
    raise ConversionError(what)


def _tensor(value: Any, what: str = "its input") -> Tensor:
    if not isinstance(value, Tensor):
        kind = {Whole: "whole numbers", Sizes: "a shape", np.ndarray: "a constant", Filled: "a constant"}.get(type(value), "no data")
        raise ConversionError(f"{what} is {kind}, where values of the network are expected")
    return value


def _array(value: Any, what: str) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise ConversionError(f"{what} is computed from data, and only a constant is read")
    return value


def _checked(array: Any) -> np.ndarray:
    """A constant that was computed."""
    found = np.asarray(array)
    if found.size > LARGEST:
        raise ConversionError(f"it makes a constant of {found.size:,} values")
    return found


# --- what leaves values as they are ---------------------------------------------------------------------------


def _same(i: Interpreter, call: Call) -> Any:
    return call[0]


def _dropout(i: Interpreter, call: Call) -> Any:
    training = call[2]
    if isinstance(training, np.ndarray) and training.size and bool(training.ravel()[0]):
        raise ConversionError("it drops values: export the model for inference (PyTorch: model.eval())")
    return call[0]


def _cast(i: Interpreter, call: Call) -> Any:
    value, dtype = call[0], dtype_of(int(call.get("to", 0)), "what it casts to")
    if isinstance(value, np.ndarray):
        return value.astype(dtype)
    if isinstance(value, Whole):
        inner = value.function
        return replace(value, function=lambda n: inner(n).astype(dtype))
    if isinstance(value, Tensor) and dtype.kind != "f":
        raise ConversionError("it makes whole numbers of values of the network")
    return value


def _constant(i: Interpreter, call: Call) -> Any:
    found = {k: v for k, v in call.attributes.items() if k in ("value", "value_float", "value_int", "value_floats", "value_ints")}
    if len(found) != 1:
        raise ConversionError("it has no value that is read here")
    name, value = next(iter(found.items()))
    return value if name == "value" else np.asarray(value, np.float32 if "float" in name else np.int64)


# --- shapes ---------------------------------------------------------------------------------------------------


def _shape(i: Interpreter, call: Call) -> Any:
    value = call[0]
    if isinstance(value, np.ndarray):
        found = [Size(n) for n in value.shape]
    elif isinstance(value, Tensor):
        found = value.shape
    elif isinstance(value, Whole):
        found = [_of_atoms(d) for d in value.dims]
    else:
        raise ConversionError("it asks for the shape of what has none that is known")
    start, end = call.get("start", 0), call.get("end", len(found))
    return Sizes(tuple(found[start:end]))


def _of_atoms(dim: Dim) -> Size:
    found = Size()
    for atom in dim.parts:
        found = found * (Size(1, (atom,)) if atom.root().size is None else Size(atom.root().size))
    return found


def _of_shape(i: Interpreter, call: Call) -> Any:
    value = call.get("value", np.zeros(1, np.float32))
    return Filled(float(value.ravel()[0]))


def _as_sizes(value: Any) -> Sizes:
    """Whole numbers as sizes."""
    if isinstance(value, Sizes):
        return value
    array = _array(value, "a size")
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ConversionError("it puts a shape together with what is none")
    return Sizes(tuple(Size(int(n)) for n in array.ravel()), array.ndim == 0)


def _sizes_pair(call: Call, function: Callable[[Size, Size], Size]) -> Sizes:
    a, b = _as_sizes(call[0]), _as_sizes(call[1])
    count = max(len(a.items), len(b.items))
    if {len(a.items), len(b.items)} - {1, count}:
        raise ConversionError("it puts shapes of different lengths together")
    pairs = zip(a.items * (count // len(a.items)), b.items * (count // len(b.items)), strict=True)
    return Sizes(tuple(function(x, y) for x, y in pairs), a.scalar and b.scalar)


def _range(i: Interpreter, call: Call) -> Any:
    first, step = (_as_sizes(call[k]).items[0] for k in (0, 2))
    end = _as_sizes(call[1]).items[0]
    if (first.number, step.number, end.number, len(end.atoms)) != (0, 1, 1, 1) or first.atoms or step.atoms:
        raise ConversionError("it counts something else than the steps of a sequence")
    return Steps(end.atoms[0])


# --- axes -----------------------------------------------------------------------------------------------------


def _transpose(i: Interpreter, call: Call) -> Any:
    value = call[0]
    if isinstance(value, Filled):
        return value
    if isinstance(value, np.ndarray):
        return value.transpose(call.get("perm"))
    dims = value.dims if isinstance(value, Tensor | Whole) else _refuse("it turns what has no axes")
    perm = call.get("perm") or list(range(len(dims)))[::-1]
    if sorted(perm) != list(range(len(dims))):
        raise ConversionError(f"its permutation {list(perm)} is none of {len(dims)} axes")
    return replace(value, dims=tuple(dims[k] for k in perm))


def _unsqueeze(i: Interpreter, call: Call) -> Any:
    value, axes = call[0], call.wholes(1, "axes")
    if axes is None:
        raise ConversionError("it has no axes")
    if isinstance(value, Filled | Lengths | Steps):
        return value
    if isinstance(value, Sizes):
        return replace(value, scalar=False) if value.scalar else _refuse("it gives a shape one axis more")
    if isinstance(value, np.ndarray):
        return np.expand_dims(value, tuple(axes))
    rank = len(value.dims) + len(axes)
    places = sorted(a % rank for a in axes)
    if isinstance(value, Whole):
        return _whole_unsqueezed(value, places)
    dims, grid = list(value.dims), value.grid
    for place in places:
        dims.insert(place, Dim((grid.ndim,)))
        grid = grid[..., None]
    return Tensor(tuple(dims), grid, value.features)


def _whole_unsqueezed(value: Whole, places: list[int]) -> Whole:
    dims = list(value.dims)
    for place in places:
        dims.insert(place, Dim(()))
    return replace(value, dims=tuple(dims))


def _squeeze(i: Interpreter, call: Call) -> Any:
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
    return _without(value, gone, dims)


def _known_shape(value: Any) -> list[Size]:
    return value.shape if isinstance(value, Tensor) else [_of_atoms(d) for d in value.dims]


def _without(value: Tensor, gone: set[int], dims: tuple[Dim, ...]) -> Tensor:
    """A tensor without some axes of one."""
    for k in gone:
        for part in value.dims[k].parts:
            if isinstance(part, Atom):
                raise ConversionError(f"it takes away the axis {part.name}: export the model with dynamic axes of batch and time")
            if value.size_of(part).number != 1:
                raise ConversionError(f"it takes away an axis of {value.size_of(part).number}")
    kept = [p for d in dims for p in d.parts if isinstance(p, int)]
    grid = value.grid.transpose(kept + [k for k in range(value.grid.ndim) if k not in kept])
    grid = grid.reshape(grid.shape[: len(kept)])
    number = {old: new for new, old in enumerate(kept)}
    return Tensor(tuple(Dim(tuple(number.get(p, p) if isinstance(p, int) else p for p in d.parts)) for d in dims), grid, value.features)


def _expand(i: Interpreter, call: Call) -> Any:
    """Of a value what it is already; of a number, that number."""
    value = call[0]
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return Filled(float(value.ravel()[0]))
        sizes = _as_sizes(call[1])
        known = np.broadcast_shapes(value.shape, tuple(1 if s.atoms else max(s.number, 1) for s in sizes.items))
        if math.prod(known) > LARGEST:
            raise ConversionError(f"it makes a constant of the shape {known}")
        return np.broadcast_to(value, known)
    if isinstance(value, Tensor):
        sizes = _as_sizes(call[1]).items
        if len(sizes) > len(value.dims):
            raise ConversionError("it repeats values along a new axis: repeat the vector in the network, el.repeat(x, like)")
        for mine, wanted in zip(value.shape[::-1], sizes[::-1], strict=False):
            if not mine.atoms and not wanted.atoms and wanted.number not in (1, mine.number):
                raise ConversionError("it repeats values along an axis of one")
            if wanted.atoms and not mine.atoms:
                raise ConversionError("it repeats values along batch or time: use el.repeat(x, like) in the network")
        return value
    return value if isinstance(value, Filled) else _refuse("it repeats what is no value")


def _concat(i: Interpreter, call: Call) -> Any:
    given = call.inputs
    if all(isinstance(v, Filled) for v in given) and len({v.number for v in given}) == 1:
        return given[0]
    if any(isinstance(v, Sizes) for v in given):
        return Sizes(tuple(s for v in given for s in _as_sizes(v).items))
    if all(isinstance(v, np.ndarray) for v in given):
        return _checked(np.concatenate(given, int(call.get("axis", 0))))
    tensors = [_tensor(v) for v in given]
    first, axis = tensors[0], tensors[0].place(int(call.get("axis", 0)))
    if any(len(t.dims) != len(first.dims) for t in tensors):
        raise ConversionError("it joins values of different numbers of axes")
    for other in tensors[1:]:
        _join_axes(first, other, axis)
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


def _join_axes(first: Tensor, other: Tensor, but: int = -1) -> None:
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


# --- reshape --------------------------------------------------------------------------------------------------


def _reshape(i: Interpreter, call: Call) -> Any:
    value, sizes = call[0], _as_sizes(call[1]) if not isinstance(call[1], Filled) else _refuse("its shape is unknown")
    if isinstance(value, Filled):
        return value
    if isinstance(value, Sizes):
        return replace(value, scalar=not sizes.items)
    if isinstance(value, np.ndarray):
        return value.reshape([s.number if not s.atoms else _refuse("it gives a constant a shape of data") for s in sizes.items])
    tensor = _tensor(value)
    wanted = list(sizes.items)
    if not call.get("allowzero", 0):
        kept = [k for k, s in enumerate(wanted) if not s.atoms and s.number == 0]
        for k in kept:
            wanted[k] = tensor.shape[k]
    return Regroup(tensor, call.where).to(wanted)


class Regroup:
    """The axes of a tensor in other groups, in the same order."""

    def __init__(self, tensor: Tensor, where: str):
        self.where, self.features = where, tensor.features
        self.grid = tensor.grid
        self.parts = [p for d in tensor.dims for p in d.parts]
        self.tensor = tensor

    def to(self, wanted: list[Size]) -> Tensor:
        """A tensor of the wanted shape; one of its sizes may be -1."""
        open_axis = next((k for k, s in enumerate(wanted) if not s.atoms and s.number == -1), None)
        if open_axis is None:
            groups = self._groups(self.parts, wanted)[0]
        else:
            before, rest = self._groups(self.parts, wanted[:open_axis])
            after, middle = self._groups(rest[::-1], wanted[:open_axis:-1], backwards=True)
            groups = [*before, middle[::-1], *(g[::-1] for g in after[::-1])]
            rest = []
        used = [p for g in groups for p in g]
        if len(used) != len(self.parts):
            left = [p for p in self.parts if p not in used and self._size(p).number != 1]
            if left:
                self._refuse()
        return self._made(groups)

    def _refuse(self) -> Any:
        raise ConversionError("it regroups axes in a way that is not read: batch, time and features do not stay apart")

    def _size(self, part: Any) -> Size:
        return Tensor((), self.grid, self.features).size_of(part)

    def _groups(self, parts: list[Any], wanted: list[Size], backwards: bool = False) -> tuple[list[list[Any]], list[Any]]:
        """The leading parts of each wanted size, and the rest; a part that is too large is split."""
        left, groups = list(parts), []
        for size in wanted:
            group: list[Any] = []
            have = Size()
            while not have.alike(size):
                if not left or (size.number == 1 and not size.atoms):
                    if not (size.number == 1 and not size.atoms and not group):
                        self._refuse()
                    break
                part = left.pop(0)
                here = self._size(part)
                if not here.atoms and not size.atoms and (have * here).number > size.number:
                    first, second = self._split(part, size.number // max(have.number, 1), backwards)
                    left.insert(0, second)
                    part, here = first, self._size(first)
                if here.number == 1 and not here.atoms and part != FEATURES and not group:
                    group.append(part)
                    have = have * here
                    continue
                group.append(part)
                have = have * here
                if have.number > max(size.number, 1) or len(have.atoms) > len(size.atoms):
                    self._refuse()
            groups.append(group)
        return groups, left

    def _split(self, part: Any, number: int, backwards: bool) -> tuple[Any, Any]:
        """An axis of the grid as two: the outer one, then the inner; in the order in which parts are taken."""
        if not isinstance(part, int) or number < 1 or self.grid.shape[part] % number:
            if part == FEATURES and number >= 1 and self.features % number == 0:
                return self._split_features(number, backwards)
            self._refuse()
        other = self.grid.shape[part] // number
        sizes = (other, number) if backwards else (number, other)
        shape = list(self.grid.shape)
        shape[part : part + 1] = sizes
        self.grid = np.moveaxis(self.grid.reshape(shape), part + 1, -1)
        inner = self.grid.ndim - 1
        return (inner, part) if backwards else (part, inner)

    def _split_features(self, number: int, backwards: bool) -> tuple[Any, Any]:
        """Features as several axes: an outer one of the grid, and fewer features."""
        outer, inner = (self.features // number, number) if backwards else (number, self.features // number)
        grid = np.empty((*self.grid.shape, outer), object)
        for place in np.ndindex(self.grid.shape):
            for k in range(outer):
                grid[(*place, k)] = sliced(self.grid[place], k * inner, (k + 1) * inner, self.where)
        self.grid, self.features = grid, inner
        axis = grid.ndim - 1
        return (FEATURES, axis) if backwards else (axis, FEATURES)

    def _made(self, groups: list[list[Any]]) -> Tensor:
        tensor = Tensor((), self.grid, self.features)
        dims: list[Dim] = []
        for group in groups:
            if not group:
                tensor = Tensor((), tensor.grid[..., None], tensor.features)
                group = [tensor.grid.ndim - 1]
            if FEATURES in group and len(group) > 1:
                tensor, group = self._merged(tensor, group)
            dims.append(Dim(tuple(group)))
        return _dropped(Tensor(tuple(dims), tensor.grid, tensor.features))

    def _merged(self, tensor: Tensor, group: list[Any]) -> tuple[Tensor, list[Any]]:
        """Axes of the grid and the features as features."""
        outer = [p for p in group if isinstance(p, int)]
        real = [p for p in group if isinstance(p, int) and tensor.grid.shape[p] > 1]
        if any(isinstance(p, Atom) for p in group):
            return self._flattened(tensor, group)
        if real and group.index(FEATURES) < group.index(real[-1]):
            self._refuse()
        rest = [k for k in range(tensor.grid.ndim) if k not in outer]
        turned = tensor.grid.transpose(rest + outer)
        grid = np.empty(turned.shape[: len(rest)] + (1,) * len(outer), object)
        for place in np.ndindex(turned.shape[: len(rest)]):
            nodes = tuple(turned[place].ravel())
            grid[place + (0,) * len(outer)] = joined(nodes, self.where) if len(nodes) > 1 else nodes[0]
        back = np.argsort(rest + outer)
        count = math.prod(tensor.grid.shape[k] for k in outer)
        return Tensor((), grid.transpose(back), tensor.features * count), [FEATURES]

    def _flattened(self, tensor: Tensor, group: list[Any]) -> tuple[Tensor, list[Any]]:
        """Of one feature beside batch and time nothing is lost."""
        if tensor.features != 1 and not all(not isinstance(p, Atom) or p.root().size == 1 for p in group):
            raise ConversionError("it makes features of batch or time: pool the sequence instead, or take its last step")
        return tensor, group


def _dropped(tensor: Tensor) -> Tensor:
    """Without axes of the grid of one that no axis has any more."""
    return _without(tensor, set(), tensor.dims)


def _flatten(i: Interpreter, call: Call) -> Any:
    tensor = _tensor(call[0])
    axis = tensor.place(int(call.get("axis", 1)))
    before, after = Size(), Size()
    for k, size in enumerate(tensor.shape):
        before, after = (before * size, after) if k < axis else (before, after * size)
    return Regroup(tensor, call.where).to([before, after])


# --- parts of values ------------------------------------------------------------------------------------------


def sliced(node: Any, first: int, end: int, where: str) -> Node:
    """Some features."""
    if isinstance(node, Given):
        raise ConversionError("it cuts a state that the caller gives into parts")
    if (first, end) == (0, node.features):
        return node
    return Node("slice", (node,), end - first, node.timed, where, option=(first, end))


def _slice(i: Interpreter, call: Call) -> Any:
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
        value = _sliced_along(value, axis, slice(first, _end(end, step), step), call.where)
    return value


def _end(end: int, step: int) -> int | None:
    return None if step < 0 and end < -(2**30) else end


def _sliced_along(value: Any, axis: int, part: slice, where: str) -> Any:
    if isinstance(value, np.ndarray):
        return value[(slice(None),) * (axis % value.ndim) + (part,)]
    if isinstance(value, Sizes):
        return Sizes(value.items[part])
    tensor = _tensor(value)
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
    raise ConversionError(f"it takes the steps {first} to {end} of a sequence; the first, the last and all are read")


def _step_of(tensor: Tensor, axis: int, atom: Atom, step: int, where: str) -> Tensor:
    """The first or the last step, without the axis of time."""
    atom.be("time")
    how = "last" if step == -1 else "first"
    dims = tuple(d for k, d in enumerate(tensor.dims) if k != axis)
    return replace(tensor, dims=dims).map(lambda n: _pooled(n, how, atom, where))


def _pooled(node: Any, how: str, atom: Atom, where: str) -> Node:
    timed = tuple(a for a in node.timed if a.root() is not atom.root())
    return Node("pool", (node,), node.features, timed, where, option=how)


def _gather(i: Interpreter, call: Call) -> Any:
    value, axis = call[0], int(call.get("axis", 0))
    if isinstance(call[1], Whole):
        return _embedded(i, call, _array(value, "the table"), call[1])
    index = _array(call[1], "its index")
    if isinstance(value, Filled):
        return value
    if isinstance(value, np.ndarray):
        return _checked(np.take(value, index, axis))
    if isinstance(value, Sizes):
        chosen = [value.items[k] for k in index.ravel()]
        return Sizes(tuple(chosen), index.ndim == 0)
    tensor = _tensor(value)
    axis = tensor.place(axis)
    if index.ndim > 1:
        raise ConversionError("its index has several axes")
    if index.ndim == 1 and len(index) != 1 and not isinstance(tensor.dims[axis].only, int):
        raise ConversionError("it gathers several places along batch, time or features")
    return _picked(tensor, axis, index, call.where)


def _picked(tensor: Tensor, axis: int, index: np.ndarray, where: str) -> Tensor:
    what = tensor.dims[axis].only
    if isinstance(what, int):
        found = Tensor(tensor.dims, tensor.grid.take(index.ravel(), what), tensor.features)
        dims = tuple(d for k, d in enumerate(tensor.dims) if k != axis)
        return found if index.ndim else _without(found, {axis}, dims)
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
        dims = [*found.dims[:axis], Dim((found.grid.ndim,)), *found.dims[axis:]]
        return Tensor(tuple(dims), found.grid[..., None], found.features)
    else:
        raise ConversionError("it gathers along axes that were flattened")
    return found if index.ndim else _without(found, {axis}, tuple(d for k, d in enumerate(found.dims) if k != axis))


def _embedded(i: Interpreter, call: Call, table: np.ndarray, index: Whole) -> Tensor:
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


def _split(i: Interpreter, call: Call) -> Any:
    value, axis = call[0], int(call.get("axis", 0))
    sizes = call.wholes(1, "split")
    count = len(call.node.output)
    if isinstance(value, Filled):
        return (value,) * count
    if sizes is None:
        total = value.shape[axis] if isinstance(value, np.ndarray) else _tensor(value).shape[value.place(axis)].number
        each = -(-total // count)
        sizes = [min(each, total - k * each) for k in range(count)]
    ends = np.cumsum(sizes)
    parts = [slice(int(end - size), int(end), 1) for size, end in zip(sizes, ends, strict=True)]
    return tuple(_sliced_along(value, axis, part, call.where) for part in parts)


# --- products -------------------------------------------------------------------------------------------------


def _matmul(i: Interpreter, call: Call) -> Any:
    if all(isinstance(v, np.ndarray) for v in call.inputs):
        return _checked(call[0] @ call[1])
    x, w = _tensor(call[0], "its first operand"), _array(call[1], "its second operand")
    if w.ndim != 2:
        raise ConversionError(f"it multiplies by an array of shape {w.shape}; expected a matrix")
    return _dense(i, call, x, w.T, None)


def _gemm(i: Interpreter, call: Call) -> Any:
    x, w = _tensor(call[0], "its first operand"), _array(call[1], "its second operand")
    if w.ndim != 2 or call.get("transA", 0) or len(x.dims) != 2:
        raise ConversionError("it multiplies in a way that no dense layer does")
    w = w if call.get("transB", 0) else w.T
    bias = None if call[2] is None else _array(call[2], "its bias")
    alpha, beta = (np.asarray(call.get(name, 1.0), w.dtype) for name in ("alpha", "beta"))
    return _dense(i, call, x, w if alpha == 1 else alpha * w, bias if bias is None or beta == 1 else beta * bias)


def _dense(i: Interpreter, call: Call, x: Tensor, w: np.ndarray, bias: np.ndarray | None) -> Tensor:
    if x.feature_axis != len(x.dims) - 1 or w.shape[1] != x.features:
        raise ConversionError(f"it multiplies a matrix of shape {w.shape} with the last axis, which has no {w.shape[1]} features")
    arrays = {"W": w}
    if bias is not None:
        if bias.size not in (1, len(w)):
            raise ConversionError(f"its bias has the shape {bias.shape}; expected {len(w)} values")
        arrays["b"] = np.broadcast_to(bias.reshape(-1), len(w))
    name = next((n for n in call.node.input[1:2]), "")

    def made(node: Any) -> Node:
        return Node("layer", (_value(node),), len(w), node.timed, call.where, Dense(len(w), bias=bias is not None), dict(arrays))

    i.mapped.append(Mapped(name, call.where, "dense"))
    return x.map(made, len(w))


def _value(node: Any) -> Node:
    if isinstance(node, Given):
        raise ConversionError("it computes something of a state that the caller gives: only layers may begin with it")
    return node


# --- functions ------------------------------------------------------------------------------------------------


def _function(make: Callable[[Call], Any], fold: Callable[..., Any] | None = None) -> Callable[[Interpreter, Call], Any]:
    """Of each value."""

    def run(i: Interpreter, call: Call) -> Any:
        if isinstance(call[0], np.ndarray) and fold is not None:
            return fold(call[0])
        x, function = _tensor(call[0]), make(call)

        def made(node: Any) -> Node:
            return Node("layer", (_value(node),), node.features, node.timed, call.where, Activation(function))

        return x.map(made)

    return run


def _softmax(name: str) -> Callable[[Interpreter, Call], Any]:
    def run(i: Interpreter, call: Call) -> Any:
        x = _tensor(call[0])
        axis = int(call.get("axis", -1 if i.opset >= 13 else 1))
        if x.place(axis) != x.feature_axis or x.feature_axis != len(x.dims) - 1:
            raise ConversionError("it normalises over another axis than the features, which come last")
        return _function(lambda call: name if name == "softmax" else el.log_softmax)(i, call)

    return run


def _clip_function(call: Call) -> Any:
    low, high = (call.get(n) if call[k] is None else float(_array(call[k], n).reshape(-1)[0]) for k, n in ((1, "min"), (2, "max")))
    return lambda x: el.clip(x, -3.4e38 if low is None else low, 3.4e38 if high is None else high)


def _gelu(call: Call) -> Any:
    if call.get("approximate", b"none") != b"none":
        raise ConversionError("it approximates gelu by tanh; here it is exact: export with approximate='none'")
    return "gelu"


def _leaky(call: Call) -> Any:
    alpha = float(call.get("alpha", 0.01))
    return lambda x: el.leaky_relu(x, alpha)


def _elu(call: Call) -> Any:
    alpha = float(call.get("alpha", 1.0))
    return lambda x: el.elu(x, alpha)


def _hard_sigmoid(call: Call) -> Any:
    alpha, beta = float(call.get("alpha", 0.2)), float(call.get("beta", 0.5))
    return lambda x: el.clip(alpha * x + beta, 0.0, 1.0)


# --- sums, products of two ------------------------------------------------------------------------------------

_ON_ARRAYS: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": lambda a, b: np.floor_divide(a, b) if a.dtype.kind in "iu" else np.divide(a, b),
    "Less": np.less,
    "Greater": np.greater,
    "LessOrEqual": np.less_equal,
    "GreaterOrEqual": np.greater_equal,
    "Equal": np.equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Not": np.logical_not,
    "Where": np.where,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mod": np.mod,
    "Neg": np.negative,
    "Abs": np.abs,
    "Sqrt": np.sqrt,
    "Exp": np.exp,
}
_ON_FLOWS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
    "Max": el.maximum,
    "Min": el.minimum,
}


def _elementwise(i: Interpreter, call: Call) -> Any:
    op = call.node.op_type
    given = [np.asarray(v.number) if isinstance(v, Filled) else v for v in call.inputs]
    if any(isinstance(v, Tensor) for v in given):
        return _of_tensors(i, call, op, given)
    if any(isinstance(v, Whole) for v in given):
        return _of_wholes(op, given)
    if all(isinstance(v, np.ndarray) for v in given):
        np.broadcast_shapes(*(v.shape for v in given))
        if math.prod(np.broadcast_shapes(*(v.shape for v in given))) > LARGEST:
            raise ConversionError("it makes a constant that is too large")
        with np.errstate(all="ignore"):
            return _ON_ARRAYS[op](*given)
    if op == "Less" and isinstance(given[0], Steps) and isinstance(given[1], Lengths):
        i.lengths.setdefault(given[1].name, []).append(given[0].atom)
        return replace(given[0], name=given[1].name)
    return _of_sizes(op, call)


def _of_sizes(op: str, call: Call) -> Any:
    if op == "Mul":
        return _sizes_pair(call, lambda a, b: a * b)
    if op in ("Add", "Sub", "Div") and all(isinstance(v, Sizes | np.ndarray) for v in call.inputs[:2]):
        fold = {"Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Div": lambda a, b: a // b}[op]
        return _sizes_pair(call, lambda a, b: Size(fold(_fixed(a), _fixed(b))))
    if op in ("Max", "Min") and len(call.inputs) == 1:
        return call[0]
    raise ConversionError("it computes something of shapes or lengths that is not followed")


def _fixed(size: Size) -> int:
    if size.atoms:
        raise ConversionError("it computes something of the length of batch or time")
    return size.number


def _of_wholes(op: str, given: list[Any]) -> Whole:
    """Whole numbers of one input."""
    first = next(v for v in given if isinstance(v, Whole))
    if any(isinstance(v, Whole) and v.node is not first.node for v in given):
        raise ConversionError("it puts indices of two inputs together")
    if not all(isinstance(v, Whole | np.ndarray) and (isinstance(v, Whole) or v.size == 1) for v in given):
        raise ConversionError("it computes indices in a way that is not followed")
    fold = _ON_ARRAYS[op]
    parts = [v.function if isinstance(v, Whole) else (lambda n, v=v: v.reshape(-1)) for v in given]  # type: ignore[misc]
    return replace(first, function=lambda n: fold(*(part(n) for part in parts)))


def _of_tensors(i: Interpreter, call: Call, op: str, given: list[Any]) -> Any:
    if op == "Where":
        return _masked(given)
    if op not in _ON_FLOWS or len(given) != 2:
        raise ConversionError("it is read of constants only" if len(given) <= 2 else "it has more than two operands")
    a, b = given
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return _of_two(call, op, a, b)
    tensor, other = (a, b) if isinstance(a, Tensor) else (b, a)
    constant = _array(other, "its other operand")
    if constant.size == 1:
        return _with_number(call, op, tensor, float(constant.reshape(-1)[0]), isinstance(a, Tensor))
    return _with_vector(i, call, op, tensor, _along_features(tensor, constant), isinstance(a, Tensor))


def _masked(given: list[Any]) -> Any:
    """What zeroes steps behind each row's end leaves the values as they are here."""
    mask, value, other = given
    if isinstance(mask, Steps) and mask.name and isinstance(value, Tensor) and isinstance(other, np.ndarray) and not other.any():
        return value
    raise ConversionError("it chooses between values: write that as el.where in a network")


def _of_two(call: Call, op: str, a: Tensor, b: Tensor) -> Tensor:
    if len(a.dims) != len(b.dims) or a.grid.shape != b.grid.shape or a.feature_axis != b.feature_axis:
        raise ConversionError("its operands have different axes")
    _join_axes(a, b)
    if a.features != b.features and 1 not in (a.features, b.features):
        raise ConversionError(f"its operands have {a.features} and {b.features} features")
    grid, features = np.empty(a.grid.shape, object), max(a.features, b.features)
    for place in np.ndindex(grid.shape):
        one, two = _value(a.grid[place]), _value(b.grid[place])
        timed = max(one.timed, two.timed, key=len)
        grid[place] = Node("equation", (one, two), features, timed, call.where, option=_ON_FLOWS[op])
    return Tensor(a.dims, grid, features)


def _with_number(call: Call, op: str, x: Tensor, number: float, first: bool) -> Tensor:
    fold = _ON_FLOWS[op]

    def function(value: Any) -> Any:
        return fold(value, number) if first else fold(number, value)

    return x.map(
        lambda n: Node("layer", (_value(n),), n.features, n.timed, call.where, Activation(function))
    )


def _along_features(x: Tensor, constant: np.ndarray) -> np.ndarray:
    """A constant as a vector of the features."""
    axis = x.feature_axis
    if axis is None or constant.size != x.features or constant.ndim > len(x.dims):
        raise ConversionError(f"it puts a constant of shape {constant.shape} together with {x.features} features")
    shape = [1] * len(x.dims)
    shape[axis] = x.features
    if constant.shape != tuple(shape[len(shape) - constant.ndim :]):
        raise ConversionError(f"its constant of shape {constant.shape} does not lie along the features")
    return constant.reshape(-1)


def _with_vector(i: Interpreter, call: Call, op: str, x: Tensor, vector: np.ndarray, first: bool) -> Tensor:
    if op == "Add" and _is_new_product(i, call, x):
        return x.map(lambda n: replace(n, layer=Dense(n.features), arrays={**n.arrays, "b": vector}, where=call.where))
    if op not in ("Add", "Sub", "Mul", "Div") or (op in ("Sub", "Div") and not first):
        raise ConversionError("it puts a vector together with features in a way that no layer has")
    signs = {"Add": (1.0, vector), "Sub": (1.0, -vector), "Mul": (vector, 0.0), "Div": (1 / vector, 0.0)}
    gain, shift = (np.broadcast_to(np.asarray(v, vector.dtype), vector.shape) for v in signs[op])
    moments = {"mean": np.zeros_like(vector), "variance": np.ones_like(vector)}
    arrays = {"g": gain, "b": shift} | moments

    def made(node: Any) -> Node:
        layer = replace(Scaled, trainable=True)
        return Node("layer", (_value(node),), node.features, node.timed, call.where, layer, {k: arrays[k] for k in "gb"})

    return x.map(made)


def _is_new_product(i: Interpreter, call: Call, x: Tensor) -> bool:
    """Whether a value is a product without a bias that nothing else reads."""
    name = next(n for n, v in zip(call.node.input, call.inputs, strict=True) if v is x)
    dense = all(isinstance(n, Node) and n.kind == "layer" and set(n.arrays) == {"W"} for n in x.nodes)
    return dense and i.uses.get(name) == 1


_OF_FEATURES = {"mean": el.mean, "max": el.max, "sum": el.sum}


def _reduced(how: str) -> Callable[[Interpreter, Call], Any]:
    def run(i: Interpreter, call: Call) -> Any:
        x, axes = _tensor(call[0]), call.wholes(1, "axes")
        if axes is not None and len(axes) == 1 and x.place(axes[0]) == x.feature_axis and call.get("keepdims", 1):
            return x.map(lambda n: Node("equation", (_value(n),), 1, n.timed, call.where, option=_OF_FEATURES[how]), 1)
        if axes is None or len(axes) != 1 or not isinstance(x.dims[x.place(axes[0])].only, Atom):
            raise ConversionError("it gathers over something else than the steps of a sequence")
        axis = x.place(axes[0])
        atom = x.dims[axis].only
        atom.be("time")
        dims = tuple(d for k, d in enumerate(x.dims) if k != axis)
        found = replace(x, dims=dims).map(lambda n: _pooled(_value(n), how, atom, call.where))
        if not call.get("keepdims", 1):
            return found
        kept = [*dims[:axis], Dim((found.grid.ndim,)), *dims[axis:]]
        return Tensor(tuple(kept), found.grid[..., None], found.features)

    return run


def _product_of_sizes(i: Interpreter, call: Call) -> Any:
    total = Size()
    for size in _as_sizes(call[0]).items:
        total = total * size
    return Sizes((total,), not call.get("keepdims", 1))


# --- normalisation --------------------------------------------------------------------------------------------


def _batch_norm(i: Interpreter, call: Call) -> Any:
    x = _tensor(call[0])
    if call.get("training_mode", 0) or x.feature_axis != 1:
        raise ConversionError("it normalises over another axis than the features, or trains: export for inference")
    epsilon = float(call.get("epsilon", 1e-5))
    arrays = {n: _array(call[k], n).reshape(-1) for k, n in enumerate(("g", "b", "mean", "variance"), 1)}
    i.mapped.append(Mapped(call.node.input[1], call.where, "batch normalisation"))
    return x.map(lambda n: Node("layer", (_value(n),), n.features, n.timed, call.where, BatchNorm(epsilon=epsilon), arrays))


def _layer_norm(i: Interpreter, call: Call) -> Any:
    x = _tensor(call[0])
    if x.place(int(call.get("axis", -1))) != len(x.dims) - 1 or x.feature_axis != len(x.dims) - 1:
        raise ConversionError("it normalises over another axis than the features")
    gain = _array(call[1], "its gain").reshape(-1)
    arrays = {"g": gain, "b": np.zeros_like(gain) if call[2] is None else _array(call[2], "its bias").reshape(-1)}
    epsilon = float(call.get("epsilon", 1e-5))
    i.mapped.append(Mapped(call.node.input[1], call.where, "layer normalisation"))
    return x.map(lambda n: Node("layer", (_value(n),), n.features, n.timed, call.where, LayerNorm(epsilon=epsilon), arrays))


# --- recurrent nodes ------------------------------------------------------------------------------------------


def _recurrent(i: Interpreter, call: Call) -> Any:
    """One layer for each direction, and what the node makes of them: all steps, final states."""
    op, how = call.node.op_type, call.attributes
    named = how.get("direction", b"forward").decode("utf8", "replace")
    if named not in DIRECTIONS:
        raise ConversionError(f"its direction is {named!r}; expected one of {', '.join(DIRECTIONS)}")
    batch_first = bool(how.get("layout", 0))
    x, time, batch = _sequence(call, batch_first)
    weights = _weights(op, call, x, len(DIRECTIONS[named]))
    _lengths(i, call, time)
    made = []
    for number, (reverse, mine) in enumerate(zip(DIRECTIONS[named], weights, strict=True)):
        found = direction(op, mine, how)
        states = 2 if op == "LSTM" else 1
        begins = tuple(_initial(call, 5 + k, number, mine.units, batch_first) for k in range(states))
        layer = found.make(reverse=reverse)
        timed = (batch, time)
        node = Node("layer", (_value(x),), mine.units, timed, call.where, layer, found.arrays, begins, found.make, time)
        made.append(node)
        what = f"{op}, {named}"[: None if len(weights) == 1 else len(op)] + ("" if len(weights) == 1 else ", backward" if reverse else ", forward")
        i.mapped.append(Mapped(call.where, layer.cell.name, f"{what}: {found.how}"))
    return _made_by(made, op, batch_first, time, batch)


def _sequence(call: Call, batch_first: bool) -> tuple[Any, Atom, Atom]:
    x = _tensor(call[0])
    if len(x.dims) != 3 or x.dims[2].only != FEATURES:
        raise ConversionError("its input has no axes of time, batch and features, in this order: its features do not come last")
    if x.grid.size != 1 or not all(isinstance(d.only, Atom) for d in x.dims[:2]):
        raise ConversionError("it runs over an axis that is neither time nor batch, such as that of layers or of one step: give it a sequence")
    first, second = (d.only for d in x.dims[:2])
    time, batch = (second, first) if batch_first else (first, second)
    time.be("time"), batch.be("batch")
    return x.nodes[0], time, batch


def _weights(op: str, call: Call, x: Any, directions: int) -> list[Weights]:
    W, R = _array(call[1], "W"), _array(call[2], "R")
    gates, units = len(GATES[op]), R.shape[-1] if R.ndim == 3 else 0
    shapes = {"W": (W, (directions, gates * units, x.features)), "R": (R, (directions, gates * units, units))}
    B = None if call[3] is None else _zeros_or_array(call[3], "B", (directions, 2 * gates * units), W.dtype)
    P = None if call[7] is None else _zeros_or_array(call[7], "P", (directions, 3 * units), W.dtype)
    shapes |= {} if B is None else {"B": (B, (directions, 2 * gates * units))}
    shapes |= {} if P is None else {"P": (P, (directions, 3 * units))}
    for name, (array, wanted) in shapes.items():
        if array.shape != wanted or not units or array.dtype.kind != "f":
            raise ConversionError(f"its {name} has the shape {array.shape}; expected {wanted} of numbers")
    if int(call.get("hidden_size", units)) != units:
        raise ConversionError(f"its hidden_size is {call.get('hidden_size')}, and R is for {units}")
    chosen = functions(op, call.attributes, directions)
    return [
        Weights(W[k], R[k], None if B is None else B[k], None if P is None else P[k], chosen[k]) for k in range(directions)
    ]


def _zeros_or_array(value: Any, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    return np.full(shape, value.number, dtype) if isinstance(value, Filled) else _array(value, name)


def _lengths(i: Interpreter, call: Call, time: Atom) -> None:
    value = call[4]
    if value is None:
        return
    if isinstance(value, Lengths):
        i.lengths.setdefault(value.name, []).append(time)
        return
    size = time.root().size
    if isinstance(value, np.ndarray) and size is not None and (value == size).all():
        return
    raise ConversionError("its sequence_lens are no input of the model: make them one, or leave them out")


def _initial(call: Call, k: int, direction: int, units: int, batch_first: bool) -> Any:
    """What a state begins with."""
    value = call[k]
    if value is None or (isinstance(value, Filled) and value.number == 0):
        return None
    if isinstance(value, Filled):
        return np.full(units, value.number)
    if isinstance(value, np.ndarray):
        return _constant_state(value, direction, units, batch_first)
    tensor = _tensor(value, "its initial state")
    axis = 1 if batch_first else 0
    if len(tensor.dims) != 3 or not isinstance(tensor.dims[axis].only, int) or tensor.features != units:
        raise ConversionError("its initial state has no axes of direction, batch and units")
    return _picked(tensor, axis, np.asarray(direction), call.where).nodes[0]


def _constant_state(value: np.ndarray, direction: int, units: int, batch_first: bool) -> np.ndarray | None:
    if not value.any():
        return None
    rows = np.moveaxis(value, 1, 0) if batch_first and value.ndim == 3 else value
    if rows.ndim != 3 or rows.shape[2] != units or not (rows == rows[:, :1]).all():
        raise ConversionError("its initial state is a constant that differs by row: make it an input")
    return rows[direction, 0]


def _made_by(made: list[Node], op: str, batch_first: bool, time: Atom, batch: Atom) -> tuple[Tensor, ...]:
    grid = np.empty(len(made), object)
    grid[:] = made
    axes = {"t": Dim((time,)), "d": Dim((0,)), "b": Dim((batch,)), "f": Dim((FEATURES,))}
    units = made[0].features
    all_steps = Tensor(tuple(axes[k] for k in ("btdf" if batch_first else "tdbf")), grid, units)
    order = tuple(axes[k] for k in ("bdf" if batch_first else "dbf"))
    found = [all_steps]
    for k in range(2 if op == "LSTM" else 1):
        finals = Tensor(order, grid, units).map(
            lambda n, k=k: Node("final", (n,), units, (batch,), n.where, option=k)  # type: ignore[misc]
        )
        found.append(finals)
    return tuple(found)


def _scaled() -> Any:
    from elman.equations import cell
    from elman.network import Stateless

    @cell(initial={"g": 1.0})
    def scale(p, x):
        """Each feature times a gain, and shifted."""
        return p.g * x + p.b

    return Stateless(scale)


Scaled = _scaled()

OPERATORS: dict[str, Callable[[Interpreter, Call], Any]] = {
    "Identity": _same,
    "Dropout": _dropout,
    "Cast": _cast,
    "Constant": _constant,
    "Shape": _shape,
    "ConstantOfShape": _of_shape,
    "Range": _range,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Expand": _expand,
    "Concat": _concat,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Slice": _slice,
    "Gather": _gather,
    "Split": _split,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Relu": _function(lambda call: "relu"),
    "Tanh": _function(lambda call: "tanh"),
    "Sigmoid": _function(lambda call: "sigmoid"),
    "Softplus": _function(lambda call: "softplus"),
    "Erf": _function(lambda call: el.erf),
    "Gelu": _function(_gelu),
    "LeakyRelu": _function(_leaky),
    "Elu": _function(_elu),
    "HardSigmoid": _function(_hard_sigmoid),
    "Softsign": _function(lambda call: lambda x: x / (1 + el.abs(x))),
    "Clip": _function(_clip_function),
    "Log": _function(lambda call: el.log, np.log),
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "ReduceMean": _reduced("mean"),
    "ReduceMax": _reduced("max"),
    "ReduceSum": _reduced("sum"),
    "ReduceProd": _product_of_sizes,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "RNN": _recurrent,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    **dict.fromkeys((*_ON_ARRAYS,), _elementwise),
}
OPERATORS |= {
    "Exp": lambda i, call: (_elementwise if isinstance(call[0], np.ndarray) else _function(lambda c: el.exp))(i, call),
    "Abs": lambda i, call: (_elementwise if not isinstance(call[0], Tensor) else _function(lambda c: el.abs))(i, call),
    "Sqrt": lambda i, call: (_elementwise if not isinstance(call[0], Tensor) else _function(lambda c: el.sqrt))(i, call),
    "Neg": lambda i, call: (_elementwise if not isinstance(call[0], Tensor) else _function(lambda c: lambda x: -x))(i, call),
}
_ = (_concat_flows, tensor_of)
