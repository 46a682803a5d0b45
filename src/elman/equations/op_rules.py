"""What derivative rules of ops need, where they are more than an expression; `ops` says what a rule is."""

from __future__ import annotations

import math
from typing import Any

from elman.equations.op_values import span


def trigamma(o: Any, x: Any) -> Any:
    """The derivative of digamma, by the same two steps."""
    near = [o.square(o.reciprocal(x + k)) for k in range(8)]
    inverse = o.reciprocal(x + 8)
    square = o.square(inverse)
    series = 1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - square * (5 / 66))))
    return sum(near[1:], near[0]) + inverse + square * (0.5 + inverse * series)


def padded(o: Any, g: Any, y: Any, x: Any) -> tuple[Any]:
    """The gradient of the values that a slice takes, among zeros."""
    return (o.pad(g, first=span(y.op, y.first, y.second, x.dim.value)[0], like=x),)


def share(x: Any) -> float:
    """What one feature of x counts in their mean."""
    return 1 / x.dim.value


def normal_cdf(o: Any, x: Any) -> Any:
    return 0.5 * (1 + o.erf(x * math.sqrt(0.5)))


def normal_density(o: Any, x: Any) -> Any:
    return o.exp(-0.5 * o.square(x)) * (1 / math.sqrt(2 * math.pi))


def max_share(o: Any, g: Any, y: Any, x: Any) -> Any:
    hit = o.eq(x, y)  # ties share the gradient
    return g * hit / o.sum(hit)
