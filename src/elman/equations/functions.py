"""The functions that equations are written with.

Each works on symbols (in a cell) and on NumPy arrays (to try an equation by hand): features lie on the last axis. Of
symbols comes a symbol, of arrays an array, of numbers a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from elman.checks import flag, is_number, nearest, shown
from elman.equations.ops import OPS
from elman.equations.symbols import Symbol, build
from elman.equations.widths import next_dropout
from elman.errors import EquationError, OptionError, ShapeError

Value = Symbol | np.ndarray | float
V = TypeVar("V", bound=Value)


def apply(op: str, *inputs: Any, numbers: tuple[float, ...] = ()) -> Any:
    """An op of the table, on symbols or on arrays."""
    first, second = (*numbers, 0.0, 0.0)[:2]
    if any(isinstance(i, Symbol) for i in inputs):
        return build(op, *inputs, first=first, second=second)
    row = OPS[op]
    plain = all(isinstance(i, int | float) for i in inputs)
    arrays = [i if isinstance(i, int | float) else _array(op, i) for i in inputs]
    counted = [a for k, a in enumerate(arrays) if k != row.index]  # an index is a number of another kind
    dtype = np.float64 if plain else np.result_type(*counted, np.float32)
    try:
        return row.of([np.asarray(a, None if k == row.index else dtype) for k, a in enumerate(arrays)], first, second)
    except (ValueError, IndexError) as e:
        shapes = ", ".join(str(np.shape(a)) for a in arrays)
        raise ShapeError(f"{op} cannot be computed of shapes {shapes}: {e}") from e


def _array(op: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        raise EquationError(f"{op} takes symbols, arrays of real numbers and numbers, got {value!r}")
    return array


def attend(query: Any, keys: Any, values: Any, *, vector: Any = None, scale: float | None = None) -> Any:
    """What a query finds in a memory: the mean of its values, weighted by how well their keys fit.

    ``sum over s of a[s] values[s]`` where ``a = softmax over s of scale * keys[s] . query``, or, with a `vector` v, of
    ``v . tanh(query + keys[s])``. The steps s are those of the memory, up to each row's own length.

    Parameters
    ----------
    query : symbol, or array (..., n)
        What is looked for.
    keys, values : symbol of a memory, or array (..., S, n) and (..., S, m)
        What is looked at, and what is found there. A memory is what a cell declares by ``@elman.cell(memory=1)``, or
        an expression of it and parameters, which is computed once for each step of the memory.
    vector : parameter, or array (n,), optional
        For additive attention [1]_.
    scale : float, default 1 / sqrt(n)
        Of dot products [2]_; there is none in additive attention.

    Returns
    -------
    symbol, or array (..., m)

    References
    ----------
    .. [1] D. Bahdanau, K. Cho and Y. Bengio, Neural machine translation by jointly learning to align and translate,
       ICLR 2015.
    .. [2] A. Vaswani et al., Attention is all you need, NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> attend(np.array([9.0]), np.array([[-1.0], [1.0]]), np.array([[3.0], [5.0]])).round(3)
    array([5.])
    """
    if vector is not None:
        if scale is not None:
            raise OptionError(f"attend: scale={scale!r} belongs to dot products, and a vector came: leave one out")
        return apply("attend_additive", query, keys, values, vector)
    return apply("attend", query, keys, values, numbers=(0.0 if scale is None else attention_scale(scale),))


def attention_scale(scale: Any) -> float:
    """What scores are multiplied by; with 0 all steps would fit alike, which is a mean."""
    number = fixed_number(scale, "attend's scale")
    if number == 0 or math.isinf(number):
        raise OptionError(f"attend's scale is {scale!r}; expected a finite number other than 0")
    return number


def fixed_number(value: Any, what: str) -> float:
    """A number that is decided when the equation is written."""
    if isinstance(value, Symbol):
        raise EquationError(f"{what} must be a number, got {value!r}, which differs from row to row")
    if not is_number(value) or math.isnan(value):
        raise OptionError(f"{what} must be a number, got {value!r}")
    return float(value)


def sigmoid(x: V) -> V:
    """The logistic function, 1 / (1 + exp(-x)); in (0, 1), it saturates on both sides."""
    return apply("sigmoid", x)


def tanh(x: V) -> V:
    """The hyperbolic tangent; in (-1, 1), it saturates on both sides."""
    return apply("tanh", x)


def relu(x: V) -> V:
    """max(x, 0)."""
    return apply("relu", x)


def leaky_relu(x: V, slope: float = 0.01) -> V:
    """x where x > 0, else slope * x."""
    return apply("leaky_relu", x, numbers=(fixed_number(slope, "leaky_relu's slope"),))


def elu(x: V, alpha: float = 1.0) -> V:
    """x where x > 0, else alpha * (exp(x) - 1)  (Clevert, Unterthiner & Hochreiter, 2016)."""
    return apply("elu", x, numbers=(fixed_number(alpha, "elu's alpha"),))


def softplus(x: V) -> V:
    """log(1 + exp(x)), without overflow."""
    return apply("softplus", x)


def silu(x: V) -> V:
    """x * sigmoid(x), also called swish."""
    return apply("silu", x)


def gelu(x: V) -> V:
    """x times the normal distribution function of x (Hendrycks & Gimpel, 2016), exact."""
    return apply("gelu", x)


def linear(x: V) -> V:
    """x itself: the activation that is none."""
    return x


def exp(x: V) -> V:
    """The exponential."""
    return apply("exp", x)


def log(x: V) -> V:
    """The natural logarithm."""
    return apply("log", x)


def log1p(x: V) -> V:
    """log(1 + x), exact for small x."""
    return apply("log1p", x)


def sqrt(x: V) -> V:
    """The square root."""
    return apply("sqrt", x)


def square(x: V) -> V:
    """x * x."""
    return apply("square", x)


def abs(x: V) -> V:
    """The absolute value."""
    return apply("abs", x)


def sign(x: V) -> V:
    """-1, 0 or 1; its gradient is zero."""
    return apply("sign", x)


def sin(x: V) -> V:
    """The sine."""
    return apply("sin", x)


def cos(x: V) -> V:
    """The cosine."""
    return apply("cos", x)


def erf(x: V) -> V:
    """The error function."""
    return apply("erf", x)


def lgamma(x: V) -> V:
    """The logarithm of the gamma function, of x > 0; infinite at 0 and NaN below."""
    return apply("lgamma", x)


def digamma(x: V) -> V:
    """The derivative of the logarithm of the gamma function, of x > 0; minus infinity at 0 and NaN below."""
    return apply("digamma", x)


def floor(x: V) -> V:
    """The largest whole number that is not above x; it has no gradient."""
    return apply("floor", x)


def stop_gradient(x: V) -> V:
    """x itself, which no gradient passes through: it counts as a constant where the equations are differentiated."""
    return apply("stop_gradient", x)


def spike(x: V, slope: float = 25.0) -> V:
    """The Heaviside step, 1 where x > 0 and else 0, with a surrogate gradient: a spiking neuron over its threshold.

    The step's own derivative is 0, so that nothing could be learnt through it; in its place stands that of a fast
    sigmoid, ``1 / (1 + slope * |x|)**2`` (Zenke and Ganguli, Neural Computation 2018: SuperSpike).

    Parameters
    ----------
    x : symbol or array
        How far a membrane's potential is above the threshold.
    slope : float, default 25
        How fast the surrogate falls on both sides of 0.
    """
    slope = fixed_number(slope, "spike's slope")
    if not 0 < slope < math.inf:
        raise OptionError(f"spike's slope is {slope}; expected a number above 0")
    return apply("spike", x, numbers=(slope,))


def maximum(a: Value, b: Value) -> Symbol | np.ndarray:
    """The larger of two, value by value."""
    return apply("maximum", a, b)


def minimum(a: Value, b: Value) -> Symbol | np.ndarray:
    """The smaller of two, value by value."""
    return apply("minimum", a, b)


def equal(a: Value, b: Value) -> Symbol | np.ndarray:
    """1 where a equals b, else 0."""
    return apply("eq", a, b)


def where(condition: Value, a: Value, b: Value) -> Symbol | np.ndarray:
    """a where the condition holds (is not 0), else b."""
    return apply("where", condition, a, b)


def clip(x: V, low: float, high: float) -> V:
    """x kept within [low, high]; no gradient outside. For bounds that are symbols write `maximum` and `minimum`."""
    low, high = fixed_number(low, "clip's lower bound"), fixed_number(high, "clip's upper bound")
    if not low <= high:
        raise OptionError(f"clip needs low <= high, got {low} and {high}")
    return apply("clip", x, numbers=(low, high))


def sum(x: V) -> V:
    """The sum over the features of a row; one value, which broadcasts."""
    return apply("sum", x)


def mean(x: V) -> V:
    """The mean over the features of a row; one value, which broadcasts."""
    return apply("mean", x)


def max(x: V) -> V:
    """The largest feature of a row; one value, which broadcasts. Ties share the gradient."""
    return apply("max", x)


def pick(x: V, index: Value) -> V:
    """The feature of each row whose number is `index`: a class's score by its index."""
    return apply("pick", x, index)


def dropout(x: V, rate: float, *, once: bool = False) -> V:
    """In training, x with each value set to zero with probability `rate` and the rest scaled by 1 / (1 - rate).

    The mask depends on the seed, the update, the time step, the row and the unit only (Srivastava et al., 2014). With
    `once` one mask serves all steps of a sequence, so that a state can be dropped again and again without losing all
    of its units (Gal and Ghahramani, 2016: variational dropout).
    """
    rate = fixed_number(rate, "dropout's rate")
    if not 0 <= rate < 1:
        raise OptionError(f"dropout's rate must be in [0, 1), got {rate}")
    op = "dropout_once" if flag(once, "dropout's once") else "dropout"
    return apply(op, x, numbers=(rate, next_dropout() if isinstance(x, Symbol) else 0))


def _centred(x: Any, middle: Callable[[Any], Any]) -> Any:
    return x - middle(x)


def softmax(x: V) -> V:
    """exp(x) / sum(exp(x)), without overflow."""
    e: Any = exp(_centred(x, max))
    return e / sum(e)


def log_softmax(x: V) -> V:
    """log(softmax(x)), without overflow."""
    shifted = _centred(x, max)
    return shifted - log(sum(exp(shifted)))


def normalise(x: V, epsilon: float = 1e-5) -> V:
    """x with mean 0 and variance 1 over the features of each row (Ba, Kiros & Hinton, 2016)."""
    centred = _centred(x, mean)
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
    if not isinstance(which, str) or which not in ACTIVATIONS:
        names = ", ".join(sorted(ACTIVATIONS))
        raise OptionError(
            f"activation is {shown(which)}{nearest(which, ACTIVATIONS)}; expected one of {names}, or a function of "
            "equations"
        )
    return ACTIVATIONS[which]
