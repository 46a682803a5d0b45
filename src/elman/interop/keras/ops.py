"""The ops of equations in Keras: a row for each op of `elman.equations.ops` that traced equations have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import ops

from elman.equations.op_values import span

DROPOUTS = ("dropout", "dropout_once")  # what a layer does itself, as it knows whether it trains


def _cast(condition: Any, like: Any) -> Any:
    return ops.cast(condition, like.dtype)


def _compare(how: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: _cast(how(a, b), a)


def _leaky_relu(x: Any, slope: float) -> Any:
    return ops.where(x > 0, x, slope * x)


def _elu(x: Any, alpha: float) -> Any:
    return ops.where(x > 0, x, alpha * ops.expm1(ops.minimum(x, 0)))


def _spike(x: Any, slope: float) -> Any:
    """Exactly 0 or 1, with the gradient of ``x / (1 + slope |x|)``."""
    soft = x / (1 + slope * ops.abs(x))
    hard = ops.where(ops.isnan(x), x, _cast(x > 0, x))
    return hard + (soft - ops.stop_gradient(soft))


def _lgamma(x: Any) -> Any:
    """Stirling's series at x + 8, from which the logarithms of the factors between are taken."""
    far = x + 8
    square = 1 / ops.square(far)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / far
    found = (far - 0.5) * ops.log(far) - far + 0.5 * math.log(2 * math.pi) + series
    for k in range(8):
        found = found - ops.log(x + k)
    return _edges(x, found, math.inf)


def _digamma(x: Any) -> Any:
    far = x + 8
    square = 1 / ops.square(far)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    found = ops.log(far) - 0.5 / far - series
    for k in range(8):
        found = found - 1 / (x + k)
    return _edges(x, found, -math.inf)


def _edges(x: Any, found: Any, at_zero: float) -> Any:
    return ops.where(x > 0, found, ops.where(ops.equal(x, 0), at_zero, math.nan))


def _pick(x: Any, index: Any) -> Any:
    return ops.take_along_axis(x, ops.cast(index, "int32"), axis=-1)


def _look_up(table: Any, index: Any) -> Any:
    return ops.take(table, ops.cast(index[..., 0], "int32"), axis=0)


def _sliced(op: str) -> Callable[..., Any]:
    def value(x: Any, first: float, second: float) -> Any:
        width = x.shape[-1]
        parts = width // int(second) if op == "part" else 0
        begin, end = span(op, first, second, parts * int(second) if parts else width)
        return x[..., begin:end]

    return value


def beside(a: Any, like: Any) -> Any:
    """A value with the rows of another one, where it is the same for all."""
    a = ops.reshape(a, (1,)) if not len(a.shape) else a
    return a if len(a.shape) >= len(like.shape) else a + ops.zeros_like(like[..., :1])


def _concat(a: Any, b: Any) -> Any:
    return ops.concatenate([beside(a, b), beside(b, a)], axis=-1)


def _flat(product: Any, width: int) -> Any:
    return ops.reshape(product, (*ops.shape(product)[:-2], width))


def _outer(a: Any, b: Any) -> Any:
    a, b = beside(a, b), beside(b, a)
    return _flat(a[..., :, None] * b[..., None, :], a.shape[-1] * b.shape[-1])


def _unfolded(m: Any, rows: int, columns: int) -> Any:
    return ops.reshape(m, (*ops.shape(m)[:-1], rows, columns))


def _matvec(m: Any, b: Any) -> Any:
    b = beside(b, m)
    return ops.sum(_unfolded(m, m.shape[-1] // b.shape[-1], b.shape[-1]) * b[..., None, :], axis=-1)


def _vecmat(a: Any, m: Any) -> Any:
    a = beside(a, m)
    return ops.sum(a[..., :, None] * _unfolded(m, a.shape[-1], m.shape[-1] // a.shape[-1]), axis=-2)


def _block_matmul(w: Any, x: Any, count: float) -> Any:
    n = int(count)
    parts = _unfolded(x, n, w.shape[1])
    return _flat(ops.einsum("koi,...ki->...ko", ops.reshape(w, (n, -1, w.shape[1])), parts), w.shape[0])


def _shares(scores: Any, values: Any) -> Any:
    """The mean of values (B, S, m) for each row or step, weighted by scores (B, S) or (B, T, S)."""
    weights = ops.softmax(scores, axis=-1)
    if len(weights.shape) == 2:
        return ops.matmul(weights[:, None], values)[:, 0]
    return ops.matmul(weights, values)


def _attend(query: Any, keys: Any, values: Any, scale: float) -> Any:
    query = beside(query, keys[:, 0])
    turned = ops.transpose(keys, (0, 2, 1))
    scores = ops.matmul(query[:, None], turned)[:, 0] if len(query.shape) == 2 else ops.matmul(query, turned)
    return _shares((scale or query.shape[-1] ** -0.5) * scores, values)


def _attend_additive(query: Any, keys: Any, values: Any, vector: Any) -> Any:
    query = beside(query, keys[:, 0])
    together = query[..., None, :] + (keys if len(query.shape) == 2 else keys[:, None])
    return _shares(ops.sum(ops.tanh(together) * vector, axis=-1), values)


def _inverse_deviation(x: Any, epsilon: float) -> Any:
    away = x - ops.mean(x, axis=-1, keepdims=True)
    return 1 / ops.sqrt(ops.mean(ops.square(away), axis=-1, keepdims=True) + epsilon)


def _normalised(x: Any, inverse: Any) -> Any:
    return (x - ops.mean(x, axis=-1, keepdims=True)) * inverse


def _over(how: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda x: how(x, axis=-1, keepdims=True)


TABLE: dict[str, Callable[..., Any]] = {
    "copy": lambda x: x,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda x: -x,
    "pow": ops.power,
    "abs": ops.abs,
    "sign": ops.sign,
    "floor": ops.floor,
    "square": ops.square,
    "sqrt": ops.sqrt,
    "reciprocal": lambda x: 1 / x,
    "exp": ops.exp,
    "log": ops.log,
    "log1p": ops.log1p,
    "sin": ops.sin,
    "cos": ops.cos,
    "erf": ops.erf,
    "lgamma": _lgamma,
    "digamma": _digamma,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "relu": ops.relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "softplus": ops.softplus,
    "silu": ops.silu,
    "gelu": lambda x: ops.gelu(x, approximate=False),
    "clip": ops.clip,
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "lt": _compare(lambda a, b: a < b),
    "le": _compare(lambda a, b: a <= b),
    "eq": _compare(ops.equal),
    "where": lambda c, a, b: ops.where(ops.not_equal(c, 0), a, b),
    "spike": _spike,
    "stop_gradient": ops.stop_gradient,
    "sum": _over(ops.sum),
    "mean": _over(ops.mean),
    "max": _over(ops.max),
    "pick": _pick,
    "concat": _concat,
    "slice": _sliced("slice"),
    "part": _sliced("part"),
    "inverse_deviation": _inverse_deviation,
    "normalise": _normalised,
    "outer": _outer,
    "matvec": _matvec,
    "vecmat": _vecmat,
    "matmul": lambda w, x: ops.matmul(x, ops.transpose(w)),
    "matmul_t": lambda w, x: ops.matmul(x, w),
    "matrix": lambda m: m,
    "transpose": ops.transpose,
    "column": lambda v: v[..., :, None],
    "row": lambda v: v[..., None, :],
    "block_matmul": _block_matmul,
    "lookup": _look_up,
    "attend": _attend,
    "attend_additive": _attend_additive,
}
