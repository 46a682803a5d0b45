"""The op table in PyTorch: what each op of `elman.equations.ops` is there, gradients by autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from elman.equations.op_values import span


def constant(value: float, like: Any) -> Any:
    """A number as a vector of one value."""
    return torch.full((1,), value, dtype=like.dtype, device=like.device)


def _map(function: Callable[..., Any]) -> Callable[..., Any]:
    """Of an op without numbers."""
    return lambda how, *operands: function(*operands)


def _compared(function: Callable[..., Any]) -> Callable[..., Any]:
    def compared(how: Any, a: Any, b: Any) -> Any:
        return function(a, b).to(torch.promote_types(a.dtype, b.dtype))

    return compared


def _concat(how: Any, a: Any, b: Any) -> Any:
    rows = torch.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    return torch.cat([a.expand(*rows, a.shape[-1]), b.expand(*rows, b.shape[-1])], -1)


def _slice(how: Any, x: Any) -> Any:
    begin, end = span(how.op, how.first, how.second, x.shape[-1])
    return x[..., begin:end]


def _outer(how: Any, a: Any, b: Any) -> Any:
    return (a.unsqueeze(-1) * b.unsqueeze(-2)).flatten(-2)


def _matvec(how: Any, m: Any, b: Any) -> Any:
    return (m.unflatten(-1, (-1, b.shape[-1])) @ b.unsqueeze(-1)).squeeze(-1)


def _vecmat(how: Any, a: Any, m: Any) -> Any:
    return (a.unsqueeze(-2) @ m.unflatten(-1, (a.shape[-1], -1))).squeeze(-2)


def _block_matmul(how: Any, w: Any, x: Any) -> Any:
    n = int(how.first)
    return torch.einsum("koi,...ki->...ko", w.unflatten(0, (n, -1)), x.unflatten(-1, (n, -1))).flatten(-2)


def _lookup(how: Any, table: Any, index: Any) -> Any:
    return F.embedding(index[..., 0].long(), table)


def _pick(how: Any, x: Any, index: Any) -> Any:
    rows = torch.broadcast_shapes(x.shape[:-1], index.shape[:-1])
    return x.expand(*rows, x.shape[-1]).gather(-1, index.expand(*rows, index.shape[-1]).long())


def _spike(how: Any, x: Any) -> Any:
    """The step, with the gradient of ``x / (1 + slope |x|)``."""
    soft = x / (1 + how.first * x.abs())
    return (x > 0).to(x.dtype) + (soft - soft.detach())


def _inverse_deviation(how: Any, x: Any) -> Any:
    return (x.var(-1, correction=0, keepdim=True) + how.first).rsqrt()


def shares(scores: Any, inside: Any) -> Any:
    """How much of each step of a memory is taken: (B, Q, S), of which those outside of each row get nothing."""
    if inside is not None:
        scores = scores.masked_fill(~inside.unsqueeze(1), float("-inf"))
    return torch.softmax(scores, -1)


def _queries(query: Any, rows: int) -> Any:
    """A query as (B, Q, n)."""
    if query.ndim == 1:
        query = query.expand(rows, -1)
    return query.unsqueeze(1) if query.ndim == 2 else query


def attend(how: Any, inside: Any, query: Any, keys: Any, values: Any) -> Any:
    """What a query finds in a memory (B, S, n) by dot products; see `elman.equations.attention`."""
    q = _queries(query, len(keys))
    scores = (how.first or q.shape[-1] ** -0.5) * (q @ keys.transpose(1, 2))
    return _found(query, shares(scores, inside) @ values)


def attend_additive(how: Any, inside: Any, query: Any, keys: Any, values: Any, vector: Any) -> Any:
    """The same with the scores ``vector . tanh(query + key)``."""
    q = _queries(query, len(keys))
    scores = torch.tanh(q.unsqueeze(2) + keys.unsqueeze(1)) @ vector
    return _found(query, shares(scores, inside) @ values)


def _found(query: Any, found: Any) -> Any:
    return found if query.ndim == 3 else found.squeeze(1)


ATTEND: dict[str, Callable[..., Any]] = {"attend": attend, "attend_additive": attend_additive}
"""Ops that look at all steps of a memory, of (how, which steps are in use, operands)."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "copy": _map(lambda x: x),
    "add": _map(torch.add),
    "sub": _map(torch.sub),
    "mul": _map(torch.mul),
    "div": _map(torch.div),
    "neg": _map(torch.neg),
    "pow": _map(torch.pow),
    "abs": _map(torch.abs),
    "sign": _map(torch.sign),
    "floor": _map(torch.floor),
    "square": _map(torch.square),
    "sqrt": _map(torch.sqrt),
    "reciprocal": _map(torch.reciprocal),
    "exp": _map(torch.exp),
    "log": _map(torch.log),
    "log1p": _map(torch.log1p),
    "sin": _map(torch.sin),
    "cos": _map(torch.cos),
    "erf": _map(torch.erf),
    "lgamma": _map(torch.lgamma),
    "digamma": _map(torch.digamma),
    "sigmoid": _map(torch.sigmoid),
    "tanh": _map(torch.tanh),
    "relu": _map(torch.relu),
    "leaky_relu": lambda how, x: F.leaky_relu(x, how.first),
    "elu": lambda how, x: F.elu(x, how.first),
    "softplus": _map(lambda x: torch.logaddexp(x, torch.zeros_like(x))),  # F.softplus is x itself above 20
    "silu": _map(F.silu),
    "gelu": _map(F.gelu),
    "clip": lambda how, x: x.clamp(how.first, how.second),
    "maximum": _map(lambda a, b: torch.where(b <= a, a, b)),  # of ties the gradient goes to the first
    "minimum": _map(lambda a, b: torch.where(a <= b, a, b)),
    "lt": _compared(torch.lt),
    "le": _compared(torch.le),
    "eq": _compared(torch.eq),
    "where": _map(lambda c, a, b: torch.where(c != 0, a, b)),
    "spike": _spike,
    "stop_gradient": _map(lambda x: x.detach()),
    "sum": _map(lambda x: x.sum(-1, keepdim=True)),
    "mean": _map(lambda x: x.mean(-1, keepdim=True)),
    "max": _map(lambda x: x.amax(-1, keepdim=True)),
    "pick": _pick,
    "concat": _concat,
    "slice": _slice,
    "part": _slice,
    "inverse_deviation": _inverse_deviation,
    "normalise": _map(lambda x, r: (x - x.mean(-1, keepdim=True)) * r),
    "outer": _outer,
    "matvec": _matvec,
    "vecmat": _vecmat,
    "matmul": _map(lambda w, x: F.linear(x, w)),
    "matmul_t": _map(lambda w, x: x @ w),
    "matrix": _map(lambda m: m),
    "transpose": _map(lambda m: m.transpose(-1, -2)),
    "column": _map(lambda v: v.unsqueeze(-1)),
    "row": _map(lambda v: v.unsqueeze(-2)),
    "block_matmul": _block_matmul,
    "lookup": _lookup,
    "fma": _map(lambda a, b, c: a * b + c),
    "blend": _map(lambda z, a, b: z * a + (1 - z) * b),
}
"""By op, of (how, operands); `how` has its numbers. Dropout is a layer's own, which knows whether it trains."""
