"""Products with matrices of parameters, whose operands may be rounded to bfloat16."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from elman.interop.peers import peer

Product = Callable[..., Any]  # of a matrix and a vector a row, and its numbers


@functools.cache
def products(rounded: bool) -> dict[str, Product]:
    """The ops that multiply by a matrix.

    Where operands are `rounded` to bfloat16 they are summed in float32, and a gradient that comes back is rounded, too,
    before it is multiplied: as in `elman.engine.bfloat16`. Such a product has no forward mode (`jax.jvp`).
    """
    jnp = peer("jax").numpy
    before, after = _rounding() if rounded else (_as_it_is, _as_it_is)

    def matmul(w: Any, x: Any) -> Any:
        return after(before(x) @ before(w).T)

    def matmul_t(w: Any, x: Any) -> Any:
        return after(before(x) @ before(w))

    def block_matmul(w: Any, x: Any, count: float) -> Any:
        n = int(count)
        parts = x.reshape(*x.shape[:-1], n, w.shape[1])
        product = jnp.einsum("koi,...ki->...ko", before(w).reshape(n, -1, w.shape[1]), before(parts))
        return after(product.reshape(*x.shape[:-1], len(w)))

    return {"matmul": matmul, "matmul_t": matmul_t, "block_matmul": block_matmul}


def _as_it_is(x: Any) -> Any:
    return x


def _rounding() -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """What rounds operands, and passes their gradients on; and what passes a product on, and rounds its gradient."""
    jax = peer("jax")

    def nearest(x: Any) -> Any:
        return jax.lax.reduce_precision(x, exponent_bits=8, mantissa_bits=7)

    before, after = jax.custom_vjp(nearest), jax.custom_vjp(_as_it_is)
    before.defvjp(lambda x: (nearest(x), None), lambda _, g: (g,))
    after.defvjp(lambda y: (y, None), lambda _, g: (nearest(g),))
    return before, after
