"""Shapes, and what leaves values as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import Filled, Size, Sizes, Steps, Tensor, Whole, size_of_dim
from elman.interop.onnx.reading.call import Call, Operators, Reading, array_in, as_sizes, check_shape
from elman.interop.onnx.reading.file import dtype_of


def _same(i: Reading, call: Call) -> Any:
    return call[0]


def _dropout(i: Reading, call: Call) -> Any:
    training = call[2]
    if isinstance(training, np.ndarray) and training.size and bool(training.ravel()[0]):
        raise ConversionError("it drops values: export the model for inference (PyTorch: model.eval())")
    return call[0]


def _cast(i: Reading, call: Call) -> Any:
    value, dtype = call[0], dtype_of(int(call.get("to", 0)), "what it casts to")
    if isinstance(value, np.ndarray):
        return value.astype(dtype)
    if isinstance(value, Whole):
        inner = value.function
        return replace(value, function=lambda n: inner(n).astype(dtype))
    if isinstance(value, Tensor) and dtype.kind != "f":
        raise ConversionError("it makes whole numbers of values of the network")
    return value


def _constant(i: Reading, call: Call) -> Any:
    found = {
        k: v
        for k, v in call.attributes.items()
        if k in ("value", "value_float", "value_int", "value_floats", "value_ints")
    }
    if len(found) != 1:
        raise ConversionError("it has no value that is read here")
    name, value = next(iter(found.items()))
    return value if name == "value" else np.asarray(value, np.float32 if "float" in name else np.int64)


MOST_AXES = 64  # of a shape that is a constant


def _shape(i: Reading, call: Call) -> Any:
    value = call[0]
    if isinstance(value, np.ndarray):
        found = [Size(n) for n in value.shape]
    elif isinstance(value, Tensor):
        found = value.shape
    elif isinstance(value, Whole):
        found = [size_of_dim(d) for d in value.dims]
    elif isinstance(value, Sizes):
        return np.asarray([len(value.items)][: not value.scalar], np.int64)
    else:
        raise ConversionError("it asks for the shape of what has none that is known")
    start, end = call.get("start", 0), call.get("end", len(found))
    return Sizes(tuple(found[start:end]))


def _of_shape(i: Reading, call: Call) -> Any:
    value = call.get("value", np.zeros(1, np.float32))
    shape = call[0]
    if value.dtype.kind in "iu" and isinstance(shape, np.ndarray) and shape.shape == (1,) and 0 <= shape[0] < MOST_AXES:
        return np.full(int(shape[0]), value.ravel()[0])  # a shape
    check_shape(as_sizes(shape))
    return Filled(float(value.ravel()[0]))


def equal_sizes(call: Call) -> np.ndarray:
    """Where sizes are equal: one that depends on the batch or on time is no number."""
    a, b = as_sizes(call[0]).items, as_sizes(call[1]).items
    if len(a) != len(b):
        raise ConversionError("it compares shapes of different lengths")
    return np.asarray([x.alike(y) for x, y in zip(a, b, strict=True)])


def chosen_sizes(call: Call) -> Sizes:
    """Sizes of two shapes, chosen by a constant."""
    which, a, b = array_in(call[0], "its condition"), as_sizes(call[1]).items, as_sizes(call[2]).items
    if not which.shape == (len(a),) == (len(b),):
        raise ConversionError("it chooses between shapes of different lengths")
    return Sizes(tuple(x if first else y for first, x, y in zip(which, a, b, strict=True)))


def sizes_pair(call: Call, function: Callable[[Size, Size], Size]) -> Sizes:
    a, b = as_sizes(call[0]), as_sizes(call[1])
    count = max(len(a.items), len(b.items))
    if {len(a.items), len(b.items)} - {1, count}:
        raise ConversionError("it puts shapes of different lengths together")
    pairs = zip(a.items * (count // len(a.items)), b.items * (count // len(b.items)), strict=True)
    return Sizes(tuple(function(x, y) for x, y in pairs), a.scalar and b.scalar)


def _range(i: Reading, call: Call) -> Any:
    first, step = (as_sizes(call[k]).items[0] for k in (0, 2))
    end = as_sizes(call[1]).items[0]
    if (first.number, step.number, end.number, len(end.atoms)) != (0, 1, 1, 1) or first.atoms or step.atoms:
        raise ConversionError("it counts something else than the steps of a sequence")
    return Steps(end.atoms[0])


def _product_of_sizes(i: Reading, call: Call) -> Any:
    total = Size()
    for size in as_sizes(call[0]).items:
        total = total * size
    return Sizes((total,), not call.get("keepdims", 1))


OPERATORS: Operators = {
    "Identity": _same,
    "Dropout": _dropout,
    "Cast": _cast,
    "Constant": _constant,
    "Shape": _shape,
    "ConstantOfShape": _of_shape,
    "Range": _range,
    "ReduceProd": _product_of_sizes,
}
