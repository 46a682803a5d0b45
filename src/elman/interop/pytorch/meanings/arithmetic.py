"""Calls that compute value by value: functions, sums and products of several, dropout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from elman.equations import functions as f
from elman.equations.declared import constant
from elman.equations.vectors import split
from elman.interop.pytorch.gates import Row
from elman.interop.pytorch.meanings.masks import of_lengths
from elman.interop.pytorch.values import FEATURES, Cannot, Value, merged
from elman.interop.pytorch.watching import Made, Watch
from elman.network.flow import running
from elman.network.layers import Layer
from elman.network.moves import _learnt
from elman.network.stateless_layers import Dropout

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
    if threshold < 20:  # above 20 it is what softplus is anyway
        raise Cannot(f"softplus with threshold={threshold:g}, above which it is a straight line: leave it out")
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
    if (told := of_lengths(w, value, labels, given, function)) is not None:
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


MEANINGS: dict[str, Callable[..., Any]] = {**UNARY, **TWO, "prelu": _prelu, "dropout": _dropout}
