"""The functions that equations are written with.

Each works on symbols (in a cell) and on NumPy arrays (to try an equation by hand): features lie on the last axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations.ops import OPS
from elman.equations.symbols import Symbol, build
from elman.equations.widths import next_dropout
from elman.errors import EquationError, OptionError


def apply(op: str, *inputs: Any, numbers: tuple[float, ...] = ()) -> Any:
    """An op of the table, on symbols or on arrays."""
    if any(isinstance(i, Symbol) for i in inputs):
        first, second = (*numbers, 0.0, 0.0)[:2]
        return build(op, *inputs, first=first, second=second)
    value = OPS[op].value
    assert value is not None
    plain = all(isinstance(i, int | float) for i in inputs)
    dtype = np.float64 if plain else np.result_type(*inputs, np.float32)
    return value(*(np.asarray(i, dtype) for i in inputs), *numbers)


def sigmoid(x: Any) -> Any:
    """The logistic function, 1 / (1 + exp(-x)); in (0, 1), it saturates on both sides."""
    return apply("sigmoid", x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent; in (-1, 1), it saturates on both sides."""
    return apply("tanh", x)


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return apply("relu", x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, else slope * x."""
    return apply("leaky_relu", x, numbers=(float(slope),))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (exp(x) - 1)  (Clevert, Unterthiner & Hochreiter, 2016)."""
    return apply("elu", x, numbers=(float(alpha),))


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return apply("softplus", x)


def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish."""
    return apply("silu", x)


def gelu(x: Any) -> Any:
    """x times the normal distribution function of x (Hendrycks & Gimpel, 2016), exact."""
    return apply("gelu", x)


def linear(x: Any) -> Any:
    """x itself: the activation that is none."""
    return x


def exp(x: Any) -> Any:
    """The exponential."""
    return apply("exp", x)


def log(x: Any) -> Any:
    """The natural logarithm."""
    return apply("log", x)


def log1p(x: Any) -> Any:
    """log(1 + x), exact for small x."""
    return apply("log1p", x)


def sqrt(x: Any) -> Any:
    """The square root."""
    return apply("sqrt", x)


def square(x: Any) -> Any:
    """x * x."""
    return apply("square", x)


def abs(x: Any) -> Any:
    """The absolute value."""
    return apply("abs", x)


def sign(x: Any) -> Any:
    """-1, 0 or 1; its gradient is zero."""
    return apply("sign", x)


def sin(x: Any) -> Any:
    """The sine."""
    return apply("sin", x)


def cos(x: Any) -> Any:
    """The cosine."""
    return apply("cos", x)


def erf(x: Any) -> Any:
    """The error function."""
    return apply("erf", x)


def maximum(a: Any, b: Any) -> Any:
    """The larger of two, value by value."""
    return apply("maximum", a, b)


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two, value by value."""
    return apply("minimum", a, b)


def equal(a: Any, b: Any) -> Any:
    """1 where a equals b, else 0."""
    return apply("eq", a, b)


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds (is not 0), else b."""
    return apply("where", condition, a, b)


def clip(x: Any, low: float, high: float) -> Any:
    """x kept within [low, high]; no gradient outside."""
    if not low <= high:
        raise OptionError(f"clip needs low <= high, got {low} and {high}")
    return apply("clip", x, numbers=(float(low), float(high)))


def sum(x: Any) -> Any:
    """The sum over the features of a row; one value, which broadcasts."""
    return apply("sum", x)


def mean(x: Any) -> Any:
    """The mean over the features of a row; one value, which broadcasts."""
    return apply("mean", x)


def max(x: Any) -> Any:
    """The largest feature of a row; one value, which broadcasts. Ties share the gradient."""
    return apply("max", x)


def pick(x: Any, index: Any) -> Any:
    """The feature of each row whose number is `index`: a class's score by its index."""
    return apply("pick", x, index)


def dropout(x: Any, rate: float) -> Any:
    """In training, x with each value set to zero with probability `rate` and the rest scaled by 1 / (1 - rate).

    The mask depends on the seed, the update, the time step, the row and the unit only (Srivastava et al., 2014).
    """
    if not 0 <= rate < 1:
        raise OptionError(f"dropout's rate must be in [0, 1), got {rate}")
    if not isinstance(x, Symbol):
        return x
    return build("dropout", x, first=float(rate), second=next_dropout())


def softmax(x: Any) -> Any:
    """exp(x) / sum(exp(x)), without overflow."""
    e = exp(x - max(x))
    return e / sum(e)


def log_softmax(x: Any) -> Any:
    """log(softmax(x)), without overflow."""
    shifted = x - max(x)
    return shifted - log(sum(exp(shifted)))


def normalise(x: Any, epsilon: float = 1e-5) -> Any:
    """x with mean 0 and variance 1 over the features of each row (Ba, Kiros & Hinton, 2016)."""
    centred = x - mean(x)
    return centred / sqrt(mean(square(centred)) + epsilon)


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    f.__name__: f for f in (sigmoid, tanh, relu, leaky_relu, elu, softplus, silu, gelu, linear, softmax, sin, exp)
}


def activation(which: str | Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """An activation by its name, or the function itself; None is `linear`."""
    if which is None:
        return linear
    if callable(which):
        return which
    if which not in ACTIVATIONS:
        raise EquationError(
            f"unknown activation {which!r}; there are {', '.join(sorted(ACTIVATIONS))}, or give a function"
        )
    return ACTIVATIONS[which]
