"""The functions of JAX that ops are: what `elman.equations.ops` says of their values, and of their gradients."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from elman.equations.op_values import span
from elman.interop.peers import peer

Table = dict[str, Callable[..., Any]]


@functools.cache
def functions() -> Table:
    """Of each op that equations are written in: its function, of the operands and then of its numbers.

    What needs more than these has no row: dropout its key, attention the steps in use, products the rounding of their
    operands. Where a slope has a jump the gradient is that of the op's rule, not what JAX takes there by itself.
    """
    jax = peer("jax")
    jnp = jax.numpy
    return {**_arithmetic(jnp), **_smooth(jax), **_choices(jnp), **_rows(jnp), **_matrices(jnp), "spike": _spike(jax)}


def _arithmetic(jnp: Any) -> Table:
    return {
        "copy": lambda x: x,
        "add": jnp.add,
        "sub": jnp.subtract,
        "mul": jnp.multiply,
        "div": jnp.divide,
        "neg": jnp.negative,
        "pow": jnp.power,
        "abs": jnp.abs,
        "sign": jnp.sign,
        "floor": jnp.floor,
        "square": jnp.square,
        "sqrt": jnp.sqrt,
        "reciprocal": lambda x: 1 / x,
        "exp": jnp.exp,
        "log": jnp.log,
        "log1p": jnp.log1p,
        "sin": jnp.sin,
        "cos": jnp.cos,
    }


def _smooth(jax: Any) -> Table:
    jnp, special = jax.numpy, peer("jax.scipy.special")
    return {
        "erf": special.erf,
        "lgamma": lambda x: _of_positive(jnp, special.gammaln, x, math.inf),
        "digamma": lambda x: _of_positive(jnp, special.digamma, x, -math.inf),
        "sigmoid": jax.nn.sigmoid,
        "tanh": jnp.tanh,
        "softplus": jax.nn.softplus,
        "silu": lambda x: x * jax.nn.sigmoid(x),
        "gelu": lambda x: 0.5 * x * special.erfc(-x * math.sqrt(0.5)),
        "stop_gradient": jax.lax.stop_gradient,
    }


def _of_positive(jnp: Any, function: Callable[[Any], Any], x: Any, at_zero: float) -> Any:
    """A function of numbers above 0, and NaN below; where it is not used it is that of 1, which has a slope."""
    return jnp.where(x > 0, function(jnp.where(x > 0, x, 1)), jnp.where(x == 0, at_zero, math.nan).astype(x.dtype))


def _choices(jnp: Any) -> Table:
    def elu(x: Any, alpha: float) -> Any:
        return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.where(x > 0, 0, x)))

    def as_number(compared: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return lambda a, b: compared(a, b).astype(jnp.result_type(a, b))

    return {
        "relu": lambda x: jnp.where(x <= 0, 0, x),
        "leaky_relu": lambda x, slope: jnp.where(x > 0, x, slope * x),
        "elu": elu,
        "clip": lambda x, low, high: jnp.where(x < low, low, jnp.where(x > high, high, x)),
        "maximum": lambda a, b: jnp.where((b <= a) | jnp.isnan(a), a, b),
        "minimum": lambda a, b: jnp.where((a <= b) | jnp.isnan(a), a, b),
        "lt": as_number(jnp.less),
        "le": as_number(jnp.less_equal),
        "eq": as_number(jnp.equal),
        "where": lambda c, a, b: jnp.where(c != 0, a, b),
    }


def _spike(jax: Any) -> Callable[..., Any]:
    """A step whose gradient is a surrogate."""
    jnp = jax.numpy

    @functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
    def spike(x: Any, slope: float) -> Any:
        return jnp.where(jnp.isnan(x), x, (x > 0).astype(x.dtype))

    @spike.defjvp
    def _(slope: float, given: tuple[Any], along: tuple[Any]) -> tuple[Any, Any]:
        (x,), (dx,) = given, along
        return spike(x, slope), dx * jnp.square(1 / (1 + slope * jnp.abs(x)))

    return spike


def _rows(jnp: Any) -> Table:
    """Over the features of a row, and of its parts."""

    def concat(a: Any, b: Any) -> Any:
        a, b = jnp.atleast_1d(a), jnp.atleast_1d(b)
        rows = jnp.broadcast_shapes(a.shape[:-1], b.shape[:-1])
        return jnp.concatenate([jnp.broadcast_to(x, (*rows, x.shape[-1])) for x in (a, b)], axis=-1)

    def between(op: str) -> Callable[..., Any]:
        def values(x: Any, first: float, second: float) -> Any:
            begin, end = span(op, first, second, x.shape[-1])
            return x[..., begin:end]

        return values

    def inverse_deviation(x: Any, epsilon: float) -> Any:
        return 1 / jnp.sqrt(x.var(-1, keepdims=True) + epsilon)

    return {
        "sum": lambda x: x.sum(-1, keepdims=True),
        "mean": lambda x: x.mean(-1, keepdims=True),
        "max": lambda x: x.max(-1, keepdims=True),
        "pick": lambda x, index: _picked(jnp, x, index),
        "lookup": lambda table, index: _looked_up(jnp, table, index),
        "concat": concat,
        "slice": between("slice"),
        "part": between("part"),
        "inverse_deviation": inverse_deviation,
        "normalise": lambda x, r: (x - x.mean(-1, keepdims=True)) * r,
    }


def _found(jnp: Any, index: Any, below: int) -> tuple[Any, Any]:
    """An index as a whole number that there is, and whether it was one."""
    is_one = (index >= 0) & (index < below)
    if jnp.issubdtype(index.dtype, jnp.floating):
        is_one &= index == jnp.floor(index)
    return jnp.where(is_one, index, 0).astype(jnp.int32), is_one


def _picked(jnp: Any, x: Any, index: Any) -> Any:
    rows = jnp.broadcast_shapes(x.shape[:-1], index.shape[:-1])
    place, is_one = _found(jnp, jnp.broadcast_to(index, (*rows, 1)), x.shape[-1])
    values = jnp.take_along_axis(jnp.broadcast_to(x, (*rows, x.shape[-1])), place, axis=-1)
    return jnp.where(is_one, values, math.nan)


def _looked_up(jnp: Any, table: Any, index: Any) -> Any:
    place, is_one = _found(jnp, index if jnp.ndim(index) else index[None], table.shape[0])
    return jnp.where(is_one, table[place[..., 0]], math.nan)


def _matrices(jnp: Any) -> Table:
    """Matrices that are one vector, row after row; and those that are made of parameters."""

    def unfolded(m: Any, rows: int, columns: int) -> Any:
        return m.reshape(*m.shape[:-1], rows, columns)

    def outer(a: Any, b: Any) -> Any:
        a, b = jnp.atleast_1d(a), jnp.atleast_1d(b)
        product = a[..., :, None] * b[..., None, :]
        return product.reshape(*product.shape[:-2], a.shape[-1] * b.shape[-1])

    def matvec(m: Any, b: Any) -> Any:
        b = jnp.atleast_1d(b)
        return (unfolded(m, m.shape[-1] // b.shape[-1], b.shape[-1]) @ b[..., None])[..., 0]

    def vecmat(a: Any, m: Any) -> Any:
        a = jnp.atleast_1d(a)
        return (a[..., None, :] @ unfolded(m, a.shape[-1], m.shape[-1] // a.shape[-1]))[..., 0, :]

    return {
        "outer": outer,
        "matvec": matvec,
        "vecmat": vecmat,
        "matrix": lambda m: m,
        "transpose": lambda m: jnp.swapaxes(m, -1, -2),
        "column": lambda v: v[..., :, None],
        "row": lambda v: v[..., None, :],
    }
