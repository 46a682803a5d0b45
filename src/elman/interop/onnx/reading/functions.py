"""Functions of each value, sums and products of two, and what is gathered over steps or features."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from elman.equations import functions as el
from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import Atom, Dim, Filled, Lengths, Node, Size, Sizes, Steps, Tensor, Whole
from elman.interop.onnx.reading.call import LARGEST, Call, Operators, Reading, array_in, node_of, tensor_in
from elman.interop.onnx.reading.layers import scaled
from elman.interop.onnx.reading.moves import join_axes
from elman.interop.onnx.reading.shapes import chosen_sizes, equal_sizes, sizes_pair
from elman.interop.onnx.reading.slices import pooled
from elman.network import Activation, Dense


def of_each(make: Callable[[Call], Any]) -> Callable[[Reading, Call], Any]:
    """Of each value."""

    def run(i: Reading, call: Call) -> Any:
        x, function = tensor_in(call[0]), make(call)

        def made(node: Any) -> Node:
            return Node("layer", (node_of(node),), node.features, node.timed, call.where, Activation(function))

        return x.map(made)

    return run


def _softmax(name: str) -> Callable[[Reading, Call], Any]:
    def run(i: Reading, call: Call) -> Any:
        x = tensor_in(call[0])
        axis = int(call.get("axis", -1 if i.opset >= 13 else 1))
        if x.place(axis) != x.feature_axis or x.feature_axis != len(x.dims) - 1:
            raise ConversionError("it normalises over another axis than the features, which come last")
        return of_each(lambda call: name if name == "softmax" else el.log_softmax)(i, call)

    return run


def _clip_function(call: Call) -> Any:
    low, high = (
        call.get(n) if call[k] is None else float(array_in(call[k], n).reshape(-1)[0])
        for k, n in ((1, "min"), (2, "max"))
    )
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


def _elementwise(i: Reading, call: Call) -> Any:
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
        return sizes_pair(call, lambda a, b: a * b)
    if op == "Equal":
        return equal_sizes(call)
    if op == "Where":
        return chosen_sizes(call)
    if op in ("Add", "Sub", "Div") and all(isinstance(v, Sizes | np.ndarray) for v in call.inputs[:2]):
        fold = {"Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Div": lambda a, b: a // b}[op]
        return sizes_pair(call, lambda a, b: Size(fold(_fixed(a), _fixed(b))))
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


def _of_tensors(i: Reading, call: Call, op: str, given: list[Any]) -> Any:
    if op == "Where":
        return _masked(given)
    if op not in _ON_FLOWS or len(given) != 2:
        raise ConversionError("it is read of constants only" if len(given) <= 2 else "it has more than two operands")
    a, b = given
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return _of_two(call, op, a, b)
    tensor, other = (a, b) if isinstance(a, Tensor) else (b, a)
    constant = array_in(other, "its other operand")
    if constant.size == 1:
        return _with_number(call, op, tensor, float(constant.reshape(-1)[0]), isinstance(a, Tensor))
    return _with_vector(i, call, op, tensor, _along_features(tensor, constant), isinstance(a, Tensor))


def _masked(given: list[Any]) -> Any:
    """What zeroes steps behind each row's end leaves the values as they are here."""
    mask, value, other = given
    if (
        isinstance(mask, Steps)
        and mask.name
        and isinstance(value, Tensor)
        and isinstance(other, np.ndarray)
        and not other.any()
    ):
        return value
    raise ConversionError("it chooses between values: write that as el.where in a network")


def _of_two(call: Call, op: str, a: Tensor, b: Tensor) -> Tensor:
    if len(a.dims) != len(b.dims) or a.grid.shape != b.grid.shape or a.feature_axis != b.feature_axis:
        raise ConversionError("its operands have different axes")
    join_axes(a, b)
    if a.features != b.features and 1 not in (a.features, b.features):
        raise ConversionError(f"its operands have {a.features} and {b.features} features")
    grid, features = np.empty(a.grid.shape, object), max(a.features, b.features)
    for place in np.ndindex(grid.shape):
        one, two = node_of(a.grid[place]), node_of(b.grid[place])
        timed = max(one.timed, two.timed, key=len)
        grid[place] = Node("equation", (one, two), features, timed, call.where, option=_ON_FLOWS[op])
    return Tensor(a.dims, grid, features)


def _with_number(call: Call, op: str, x: Tensor, number: float, first: bool) -> Tensor:
    fold = _ON_FLOWS[op]

    def function(value: Any) -> Any:
        return fold(value, number) if first else fold(number, value)

    return x.map(lambda n: Node("layer", (node_of(n),), n.features, n.timed, call.where, Activation(function)))


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


def _with_vector(i: Reading, call: Call, op: str, x: Tensor, vector: np.ndarray, first: bool) -> Tensor:
    if op == "Add" and _is_new_product(i, call, x):
        return x.map(lambda n: replace(n, layer=Dense(n.features), arrays={**n.arrays, "b": vector}, where=call.where))
    if op not in ("Add", "Sub", "Mul", "Div") or (op in ("Sub", "Div") and not first):
        raise ConversionError("it puts a vector together with features in a way that no layer has")
    if op == "Div" and not vector.all():
        raise ConversionError("it divides by 0")
    inverse = 1 / vector if op == "Div" else vector
    pairs = {"Add": (1.0, vector), "Sub": (1.0, -vector), "Mul": (vector, 0.0), "Div": (inverse, 0.0)}
    gain, shift = (np.broadcast_to(np.asarray(v, vector.dtype), vector.shape) for v in pairs[op])
    return x.map(lambda n: scaled(call.where, node_of(n), gain, shift))


def _is_new_product(i: Reading, call: Call, x: Tensor) -> bool:
    """Whether a value is a product without a bias that nothing else reads."""
    name = next(n for n, v in zip(call.node.input, call.inputs, strict=True) if v is x)
    dense = all(isinstance(n, Node) and n.kind == "layer" and set(n.arrays) == {"W"} for n in x.nodes)
    return dense and i.uses.get(name) == 1


_OF_FEATURES = {"mean": el.mean, "max": el.max, "sum": el.sum}


def _reduced(how: str) -> Callable[[Reading, Call], Any]:
    def run(i: Reading, call: Call) -> Any:
        x, axes = tensor_in(call[0]), call.wholes(1, "axes")
        if axes is not None and len(axes) == 1 and x.place(axes[0]) == x.feature_axis and call.get("keepdims", 1):
            return x.map(lambda n: Node("equation", (node_of(n),), 1, n.timed, call.where, option=_OF_FEATURES[how]), 1)
        if axes is None or len(axes) != 1 or not isinstance(x.dims[x.place(axes[0])].only, Atom):
            raise ConversionError("it gathers over something else than the steps of a sequence")
        axis = x.place(axes[0])
        atom = x.dims[axis].only
        atom.be("time")
        dims = tuple(d for k, d in enumerate(x.dims) if k != axis)
        found = replace(x, dims=dims).map(lambda n: pooled(node_of(n), how, atom, call.where))
        if not call.get("keepdims", 1):
            return found
        kept = [*dims[:axis], Dim((found.grid.ndim,)), *dims[axis:]]
        return Tensor(tuple(kept), found.grid[..., None], found.features)

    return run


def _either(function: Callable[[Any], Any]) -> Callable[[Reading, Call], Any]:
    """A function of values of the network, or of constants."""
    of_values = of_each(lambda call: function)

    def run(i: Reading, call: Call) -> Any:
        return of_values(i, call) if isinstance(call[0], Tensor) else _elementwise(i, call)

    return run


OPERATORS: Operators = {
    "Relu": of_each(lambda call: "relu"),
    "Tanh": of_each(lambda call: "tanh"),
    "Sigmoid": of_each(lambda call: "sigmoid"),
    "Softplus": of_each(lambda call: "softplus"),
    "Erf": of_each(lambda call: el.erf),
    "Gelu": of_each(_gelu),
    "LeakyRelu": of_each(_leaky),
    "Elu": of_each(_elu),
    "HardSigmoid": of_each(_hard_sigmoid),
    "Softsign": of_each(lambda call: lambda x: x / (1 + el.abs(x))),
    "Clip": of_each(_clip_function),
    "Log": of_each(lambda call: el.log),
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "ReduceMean": _reduced("mean"),
    "ReduceMax": _reduced("max"),
    "ReduceSum": _reduced("sum"),
    **dict.fromkeys(_ON_ARRAYS, _elementwise),
}
OPERATORS |= {
    name: _either(function)
    for name, function in {"Exp": el.exp, "Abs": el.abs, "Sqrt": el.sqrt, "Neg": lambda x: -x}.items()
}
