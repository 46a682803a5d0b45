"""Functions of `keras.ops` between the layers of a functional model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from elman.equations import functions as f
from elman.equations.vectors import concat
from elman.interop.keras.values import Value

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "TrueDivide": lambda a, b: a / b,
    "Divide": lambda a, b: a / b,
    "Maximum": f.maximum,
    "Minimum": f.minimum,
    "NotEqual": lambda a, b: 1 - f.equal(a, b),
    "Equal": f.equal,
    "Greater": lambda a, b: a > b,
    "LogicalAnd": f.minimum,
    "LogicalOr": f.maximum,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "Tanh": f.tanh,
    "Sigmoid": f.sigmoid,
    "Relu": f.relu,
    "Silu": f.silu,
    "Exp": f.exp,
    "Log": f.log,
    "Log1p": f.log1p,
    "Sqrt": f.sqrt,
    "Square": f.square,
    "Absolute": f.abs,
    "Negative": lambda x: -x,
    "Cast": lambda x: x,
}


def binary(walk: Any, operation: Any, a: Any, b: Any, **_: Any) -> Value:
    """Of two values, or a value and a number."""
    given = [x for x in (a, b) if isinstance(x, Value)]
    if len({x.timed for x in given}) > 1:
        raise walk.refusal(operation, "puts sequences and vectors together; RepeatVector before it makes a vector one")
    whole = [x for x in (a, b) if not isinstance(x, Value | int | float | bool)]
    if whole:
        raise walk.refusal(operation, f"takes {type(whole[0]).__name__}; values and numbers are converted")
    found = BINARY[type(operation).__name__](*(x.flow if isinstance(x, Value) else x for x in (a, b)))
    first = next((x for x in given if x.timed), given[0])
    return first.having(walk.equations(found))


def unary(walk: Any, operation: Any, x: Value, **_: Any) -> Value:
    return x.having(walk.equations(UNARY[type(operation).__name__](x.flow)))


def any_feature(walk: Any, operation: Any, x: Value, **_: Any) -> Value:
    """Whether a step has a feature that is not 0."""
    if operation.axis not in (-1, 2, [-1], (-1,)):
        raise walk.refusal(operation, f"goes along axis {operation.axis}; that over the features is converted")
    return replace(x, flow=walk.equations(f.max(x.flow)), flat=not operation.keepdims)


def squeeze(walk: Any, operation: Any, x: Value, **_: Any) -> Value:
    if not x.timed or x.features != 1 or operation.axis not in (-1, 2, (-1,), [-1], None):
        raise walk.refusal(operation, "drops an axis that is not that of one feature")
    return replace(x, flat=True)


def expand(walk: Any, operation: Any, x: Value, **_: Any) -> Value:
    if not (x.timed and x.flat) or operation.axis not in (-1, 2, (-1,), [-1]):
        raise walk.refusal(operation, "makes an axis that is not that of one feature")
    return replace(x, flat=False)


def concatenate(walk: Any, operation: Any, values: Any, **_: Any) -> Value:
    if operation.axis not in (-1, 2 if values[0].timed else 1):
        raise walk.refusal(operation, f"concatenates along axis {operation.axis}; along the features is converted")
    found = values[0].flow
    for other in values[1:]:
        found = concat(found, other.flow)
    return values[0].having(walk.equations(found))


OPERATIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(BINARY, binary),
    **dict.fromkeys(UNARY, unary),
    "Any": any_feature,
    "Squeeze": squeeze,
    "ExpandDims": expand,
    "Concatenate": concatenate,
}
