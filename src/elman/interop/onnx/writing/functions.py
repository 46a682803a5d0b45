"""Functions of each value, and of the features of a row: one ONNX node or a few for each op."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from elman.interop.onnx.writing.writer import BOOL, DOUBLE, Writer, code_of

NODES = {
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "neg": "Neg",
    "pow": "Pow",
    "abs": "Abs",
    "sign": "Sign",
    "floor": "Floor",
    "sqrt": "Sqrt",
    "reciprocal": "Reciprocal",
    "exp": "Exp",
    "log": "Log",
    "sin": "Sin",
    "cos": "Cos",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "maximum": "Max",
    "minimum": "Min",
}

# --- functions of each value ----------------------------------------------------------------------------------


def _truth(w: Writer, op: str, a: str, b: str) -> str:
    return w.node("Cast", w.node(op, a, b), to=code_of(w.dtype))


def _where(w: Writer, condition: str, a: str, b: str) -> str:
    return w.node("Where", w.node("Cast", condition, to=BOOL), a, b)


def _log1p(w: Writer, x: str) -> str:
    """``log(u) x / (u - 1)`` of ``u = 1 + x``, which is exact to a rounding where log(1 + x) is not."""
    u = w.node("Add", x, w.number(1))
    same = w.node("Equal", u, w.number(1))
    divisor = w.node("Where", same, w.number(1), w.node("Sub", u, w.number(1)))
    return w.node("Where", same, x, w.node("Div", w.node("Mul", w.node("Log", u), x), divisor))


def _elu(w: Writer, x: str, alpha: float) -> str:
    if w.dtype == np.float32:
        return w.node("Elu", x, alpha=float(alpha))
    below = w.node("Sub", w.node("Exp", w.node("Min", x, w.number(0))), w.number(1))
    return w.node("Where", w.node("Greater", x, w.number(0)), x, w.node("Mul", below, w.number(alpha)))


def _softplus(w: Writer, x: str) -> str:
    below = w.node("Exp", w.node("Neg", w.node("Abs", x)))
    return w.node("Add", w.node("Max", x, w.number(0)), _log1p(w, below))


def _erf(w: Writer, x: str) -> str:
    """In float64, for which runtimes have no Erf, ``2 x / sqrt(pi) * integral from 0 to 1 of exp(-(x s)^2) ds``."""
    if w.dtype == np.float32:
        return w.node("Erf", x)
    places, weights = np.polynomial.legendre.leggauss(48)  # exact to a rounding as far as erf is not 1
    places, weights = (places + 1) / 2, weights / math.sqrt(math.pi)
    near = w.node("Clip", x, w.number(-6), w.number(6))
    column = w.node("Unsqueeze", near, w.whole(-1))
    steps = w.node("Exp", w.node("Mul", w.node("Mul", column, column), w.constant(-np.square(places))))
    found = w.node("MatMul", steps, w.constant(weights[:, None]))
    return w.node("Mul", near, w.node("Squeeze", found, w.whole(-1)))


def _gelu(w: Writer, x: str) -> str:
    cdf = w.node("Add", _erf(w, w.node("Mul", x, w.number(math.sqrt(0.5)))), w.number(1))
    return w.node("Mul", w.node("Mul", x, w.number(0.5)), cdf)


def _spike(w: Writer, x: str, slope: float) -> str:
    return _truth(w, "Greater", x, w.number(0))


def _leaky_relu(w: Writer, x: str, slope: float) -> str:
    if w.dtype == np.float32:
        return w.node("LeakyRelu", x, alpha=float(slope))  # a number of an attribute is a float32
    return w.node("Where", w.node("Greater", x, w.number(0)), x, w.node("Mul", x, w.number(slope)))


def _in_double(function: Callable[[Writer, str], str]) -> Callable[[Writer, str], str]:
    """A function that sums a series, in float64 whatever the network's dtype."""

    def wide(w: Writer, x: str) -> str:
        before, w.dtype = w.dtype, np.dtype(np.float64)
        try:
            found = function(w, w.node("Cast", x, to=DOUBLE))
        finally:
            w.dtype = before
        return w.node("Cast", found, to=code_of(before))

    return wide


_FAR = 10  # from here on Stirling's series are exact
_LGAMMA = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)


def _shifted(w: Writer, x: str) -> tuple[str, str]:
    """Whether x lies below where the series hold, and x as it is, or so many steps above."""
    near = w.node("Less", x, w.number(_FAR))
    return near, w.node("Where", near, w.node("Add", x, w.number(_FAR)), x)


def _polynomial(w: Writer, x: str, coefficients: Iterable[float]) -> str:
    *first, last = coefficients
    found = w.number(last)
    for coefficient in reversed(first):
        found = w.node("Add", w.node("Mul", found, x), w.number(coefficient))
    return found


def _above(w: Writer, x: str, k: int) -> str:
    return w.node("Add", x, w.number(k))


def _of_positive(w: Writer, x: str, found: str, at_zero: float) -> str:
    rest = w.node("Where", w.node("Equal", x, w.number(0)), w.number(at_zero), w.number(math.nan))
    return w.node("Where", w.node("Greater", x, w.number(0)), found, rest)


def _lgamma(w: Writer, x: str) -> str:
    near, far = _shifted(w, x)
    logs = [w.node("Log", _above(w, x, k)) for k in range(_FAR)]
    low = w.node("Where", near, w.node("Sum", *logs), w.number(0))
    inverse = w.node("Reciprocal", far)
    series = w.node("Mul", inverse, _polynomial(w, w.node("Mul", inverse, inverse), _LGAMMA))
    main = w.node("Mul", w.node("Sub", far, w.number(0.5)), w.node("Log", far))
    total = w.node("Sum", main, w.node("Neg", far), w.number(0.5 * math.log(2 * math.pi)), series)
    return _of_positive(w, x, w.node("Sub", total, low), math.inf)


def _digamma(w: Writer, x: str) -> str:
    near, far = _shifted(w, x)
    steps = [w.node("Reciprocal", _above(w, x, k)) for k in range(_FAR)]
    low = w.node("Where", near, w.node("Sum", *steps), w.number(0))
    inverse = w.node("Reciprocal", far)
    square = w.node("Mul", inverse, inverse)
    series = w.node("Mul", square, _polynomial(w, square, _DIGAMMA))
    main = w.node("Sub", w.node("Log", far), w.node("Mul", inverse, w.number(0.5)))
    return _of_positive(w, x, w.node("Sub", w.node("Sub", main, series), low), -math.inf)


def _inverse_deviation(w: Writer, x: str, epsilon: float) -> str:
    variance = _mean(w, _squared(w, w.node("Sub", x, _mean(w, x))))
    return w.node("Reciprocal", w.node("Sqrt", w.node("Add", variance, w.number(epsilon))))


def _squared(w: Writer, x: str) -> str:
    return w.node("Mul", x, x)


def _mean(w: Writer, x: str) -> str:
    return w.node("ReduceMean", x, axes=[-1], keepdims=1)


FUNCTIONS: dict[str, Callable[..., str]] = {
    "square": _squared,
    "log1p": _log1p,
    "erf": _erf,
    "lgamma": _in_double(_lgamma),
    "digamma": _in_double(_digamma),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "softplus": _softplus,
    "silu": lambda w, x: w.node("Mul", x, w.node("Sigmoid", x)),
    "gelu": _gelu,
    "clip": lambda w, x, low, high: w.node("Clip", x, w.number(low), w.number(high)),
    "lt": lambda w, a, b: _truth(w, "Less", a, b),
    "le": lambda w, a, b: _truth(w, "LessOrEqual", a, b),
    "eq": lambda w, a, b: _truth(w, "Equal", a, b),
    "where": _where,
    "spike": _spike,
    "sum": lambda w, x: w.node("ReduceSum", x, w.whole(-1), keepdims=1),
    "mean": _mean,
    "max": lambda w, x: w.node("ReduceMax", x, axes=[-1], keepdims=1),
    "inverse_deviation": _inverse_deviation,
    "normalise": lambda w, x, r: w.node("Mul", w.node("Sub", x, _mean(w, x)), r),
}
