"""Calls that compute: functions of each value, sums and products of several, what is gathered along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from elman.equations import functions as f
from elman.equations.declared import constant
from elman.equations.vectors import split
from elman.interop.pytorch.gates import Row
from elman.interop.pytorch.values import FEATURES, ONE, ROWS, STACK, STEPS, Cannot, Value, merged
from elman.interop.pytorch.watching import Made, Watch
from elman.network.flow import running
from elman.network.layers import Dropout, Layer
from elman.network.moves import _learnt, pool

# --- functions of each value ----------------------------------------------------------------------------------------


def _each(function: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """A function of each value; `names` are those of its numbers, in order, and their defaults follow from it."""

    def meaning(w: Watch, out: Any, x: Any, *args: Any, **kwargs: Any) -> Value:
        given = dict(zip(names, args, strict=False)) | {k: v for k, v in kwargs.items() if k in names}
        return w.value(x).map(lambda flow: function(flow, **given))

    return meaning


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "none":
        return f.gelu(x)
    return 0.5 * x * (1 + f.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (f.square(x) * x))))


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return f.softplus(beta * x) / beta if beta != 1 else f.softplus(x)


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
    return f.clip(x, low, high)


def _halves(x: Any) -> Any:
    a, b = split(x, 2)
    return a * f.sigmoid(b)


def _selu(x: Any) -> Any:
    return 1.0507009873554805 * f.elu(x, 1.6732632423543772)


UNARY: dict[str, Callable[..., Any]] = {
    **{name: _each(getattr(f, name)) for name in "tanh sigmoid exp log log1p sqrt square abs sign sin cos erf".split()},
    **{name: _each(getattr(f, name)) for name in "floor relu silu lgamma digamma".split()},
    "absolute": _each(f.abs),
    "neg": _each(lambda x: -x),
    "negative": _each(lambda x: -x),
    "reciprocal": _each(lambda x: 1 / x),
    "rsqrt": _each(lambda x: 1 / f.sqrt(x)),
    "leaky_relu": _each(lambda x, negative_slope=0.01: f.leaky_relu(x, negative_slope), "negative_slope"),
    "elu": _each(lambda x, alpha=1.0: f.elu(x, alpha), "alpha"),
    "gelu": _each(_gelu, "approximate"),
    "selu": _each(_selu),
    "softplus": _each(_softplus, "beta", "threshold"),
    "relu6": _each(lambda x: f.clip(x, 0, 6)),
    "hardtanh": _each(lambda x, min_val=-1.0, max_val=1.0: f.clip(x, min_val, max_val), "min_val", "max_val"),
    "hardsigmoid": _each(lambda x: f.clip(x / 6 + 0.5, 0, 1)),
    "hardswish": _each(lambda x: x * f.clip(x / 6 + 0.5, 0, 1)),
    "mish": _each(lambda x: x * f.tanh(f.softplus(x))),
    "softsign": _each(lambda x: x / (1 + f.abs(x))),
    "tanhshrink": _each(lambda x: x - f.tanh(x)),
    "logsigmoid": _each(lambda x: -f.softplus(-x)),
    "glu": _each(lambda x: _halves(x)),
    "clamp": _each(_clamp, "min", "max"),
    "clip": _each(_clamp, "min", "max"),
}


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


# --- of several -----------------------------------------------------------------------------------------------------


def _two(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def meaning(w: Watch, out: Any, a: Any, b: Any, **more: Any) -> Value:
        if more.get("alpha", 1) != 1:
            b = b * more["alpha"]
        if not w.knows(a):
            return _with_constant(w, w.value(b), a, lambda x, c: function(c, x))
        if not w.knows(b):
            return _with_constant(w, w.value(a), b, function)
        one, other = w.value(a).plain(), w.value(b).plain()
        dims, stack, (left, right) = merged([one, other])
        flows = tuple(function(x, y) for x, y in zip(left, right, strict=True))
        step = one.step if one.step is not None else other.step
        return Value(dims, flows, stack, step)

    return meaning


def _with_constant(w: Watch, value: Value, given: Any, function: Callable[[Any, Any], Any]) -> Value:
    """A value and a number, or a tensor that is the same at all rows and steps."""
    if not isinstance(given, torch.Tensor):
        return value.map(lambda flow: function(flow, float(given)))
    if given.numel() == 1 and not given.requires_grad:
        return value.map(lambda flow: function(flow, float(given)))
    if given.ndim > len(value.dims):
        raise Cannot("a fixed tensor with more axes than what it meets")
    labels = value.dims[len(value.dims) - given.ndim :]
    if (told := _of_lengths(w, value, labels, given, function)) is not None:
        return told
    vector = given.detach()
    for k in reversed(range(given.ndim)):
        if labels[k] != FEATURES:
            first = vector.narrow(k, 0, 1)
            if not torch.equal(first.expand_as(vector), vector):
                raise Cannot(
                    f"a fixed tensor that differs from {labels[k]} to {labels[k]} (B rows, T steps) meets the values, "
                    "as a mask or an encoding of positions does: give it as one more input"
                )
            vector = first
    fixed = known_vector(w, vector.reshape(-1), given if given.requires_grad else None)
    return value.map(lambda flow: function(flow, fixed))


def _of_lengths(
    w: Watch, value: Value, labels: tuple[str, ...], given: Any, function: Callable[[Any, Any], Any]
) -> Value | None:
    """A value times the steps that are in use, or with the number of them; None of other tensors."""
    if is_inside(w, labels, given) and function(2.0, 3.0) == 6.0:
        return value.plain()  # a network looks at the steps in use only
    if w.lengths is None or not _varies(given, labels, {ROWS}, torch.tensor(w.lengths)):
        return None
    w.packs = True
    known = [v for v in w.values.values() if STEPS in v.dims and len(v.flows) == 1]
    like = next((v for v in known if FEATURES in v.dims), known[0]).flow  # an input without features may be an index
    count = pool(1 + 0 * like[:1], "sum")
    return value.map(lambda flow: function(flow, count))


def is_inside(w: Watch, labels: tuple[str, ...], mask: Any) -> bool:
    """Whether a mask (B, T) is 1 at the steps in use and 0 behind them."""
    if w.lengths is None:
        return False
    inside = torch.arange(w.sizes[STEPS]) < torch.tensor(w.lengths).unsqueeze(1)
    found = _varies(mask, labels, {ROWS, STEPS}, inside if _first(labels) == ROWS else inside.t())
    w.packs |= found
    return found


def _first(labels: tuple[str, ...]) -> str:
    return next((label for label in labels if label in (ROWS, STEPS)), "")


def _varies(given: Any, labels: tuple[str, ...], along: set[str], wanted: Any) -> bool:
    """Whether a tensor is another one along some axes, and has one value along the others."""
    shape = [size for label, size in zip(labels, given.shape, strict=True) if label in along]
    if math.prod(shape) != given.numel() or tuple(shape) != tuple(wanted.shape):
        return False
    return bool(torch.equal(given.detach().reshape(shape).double(), wanted.double()))


def known_vector(w: Watch, vector: Any, trained: Any, alone: bool = False) -> Any:
    """A vector of the module in equations between layers: a parameter where it is made of one, `trained`.

    One that stands `alone` is a layer's in any case, whose parameter is frozen where it does not train.
    """
    array = vector.detach().cpu().numpy().copy()
    if trained is None and not alone:
        return constant(array)
    origin = "" if trained is None else w.name(_origin(trained), "")
    key = ("vector", origin or id(trained), array.tobytes())
    if key not in w.layers:
        w.layers[key] = Layer(_learnt, len(array))
        names = {"b": origin or ("numbers in forward" if trained is None else "parameters of the module")}
        w.made.append(Made(w.layers[key], {"b": array}, [Row("b", "b")], names))
        w.made[-1].frozen += ["b"] if trained is None else []
    with running().named((origin or "learnt").replace(".", "_")):
        return running().call(w.layers[key], [], [], None)


def _origin(tensor: Any) -> Any:
    """The parameter that a tensor is a view or a copy of."""
    step = tensor.grad_fn
    while step is not None:
        if hasattr(step, "variable"):
            return step.variable
        step = next((after for after, _ in step.next_functions if after is not None), None)
    return tensor


def _prelu(w: Watch, out: Any, x: Any, weight: Any) -> Value:
    """Slopes below zero that are parameters: one, or one for each feature."""
    value = w.value(x)
    if weight.numel() > 1 and value.dims[-1] != FEATURES:
        raise Cannot("PReLU has a slope for each feature, which are not the last axis here")
    slopes = known_vector(w, weight, weight if weight.requires_grad else None)
    return value.map(lambda flow: f.relu(flow) - slopes * f.relu(-flow))


def _power(a: Any, b: Any) -> Any:
    return f.square(a) if b == 2 and not hasattr(b, "op") else a**b


TWO: dict[str, Callable[..., Any]] = {}
for _names, _function in {
    "add __add__ __iadd__ __radd__": lambda a, b: a + b,
    "sub __sub__ __isub__ subtract": lambda a, b: a - b,
    "rsub __rsub__": lambda a, b: b - a,
    "mul __mul__ __imul__ __rmul__ multiply": lambda a, b: a * b,
    "div __truediv__ __itruediv__ true_divide divide": lambda a, b: a / b,
    "__rtruediv__ __rdiv__": lambda a, b: b / a,
    "pow __pow__": _power,
    "__rpow__": lambda a, b: b**a,
    "maximum": f.maximum,
    "minimum": f.minimum,
}.items():
    TWO |= dict.fromkeys(_names.split(), _two(_function))


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
        from elman.interop.pytorch.meanings.layers import linear

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


# --- layers without parameters ----------------------------------------------------------------------------------------


def _dropout(w: Watch, out: Any, x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Value:
    if training:
        raise Cannot(
            "dropout is called with training=True, so that it drops in eval() too: give training=self.training"
        )
    if p == 0:
        return w.value(x).plain()
    layer = Dropout(p)
    return w.value(x).map(lambda flow: running().call(layer, [flow], [], None))


def _masked_fill(w: Watch, out: Any, x: Any, mask: Any, number: Any) -> Value:
    """Zeros, or what softmax takes for nothing, behind each row's end."""
    value = w.value(x)
    if not isinstance(mask, torch.Tensor) or w.knows(mask):
        raise Cannot("a mask that is made of the input chooses values: give lengths instead")
    labels = value.dims[len(value.dims) - mask.ndim :]
    if not is_inside(w, labels, ~mask.bool()) or not (float(number) == 0 or float(number) <= -1e4):
        raise Cannot("a mask that is not that of the rows' lengths, with 0 or a very negative number behind their ends")
    return value.plain()


def _where(w: Watch, out: Any, condition: Any, a: Any, b: Any) -> Value:
    raise Cannot("where chooses by a mask: take lengths as an argument, and masked_fill what is behind them")


MEANINGS: dict[str, Callable[..., Any]] = {
    **UNARY,
    **TWO,
    "prelu": _prelu,
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
    "dropout": _dropout,
    "where": _where,
    "masked_fill": _masked_fill,
}
