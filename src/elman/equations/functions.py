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
    """The logistic function, 1 / (1 + exp(-x)); in (0, 1), it saturates on both sides.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.sigmoid([-2.0, 0.0, 2.0]).round(3)
    array([0.119, 0.5  , 0.881])
    """
    return apply("sigmoid", x)


def tanh(x: V) -> V:
    """The hyperbolic tangent; in (-1, 1), it saturates on both sides.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.tanh([-1.0, 0.0, 1.0]).round(3)
    array([-0.762,  0.   ,  0.762])
    """
    return apply("tanh", x)


def relu(x: V) -> V:
    """max(x, 0).

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.relu([-1.0, 0.0, 2.0])
    array([0., 0., 2.])
    """
    return apply("relu", x)


def leaky_relu(x: V, slope: float = 0.01) -> V:
    """x where x > 0, else slope * x.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.
    slope : float, default 0.01
        Of the values below 0.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.leaky_relu([-2.0, 2.0], slope=0.1)
    array([-0.2,  2. ])
    """
    return apply("leaky_relu", x, numbers=(fixed_number(slope, "leaky_relu's slope"),))


def elu(x: V, alpha: float = 1.0) -> V:
    """x where x > 0, else alpha * (exp(x) - 1)  (Clevert, Unterthiner & Hochreiter, 2016).

    Parameters
    ----------
    x : symbol, array or number
        Value by value.
    alpha : float, default 1
        What it goes to, with a minus, for small values.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.elu([-1000.0, -1.0, 2.0]).round(3)
    array([-1.   , -0.632,  2.   ])
    """
    return apply("elu", x, numbers=(fixed_number(alpha, "elu's alpha"),))


def softplus(x: V) -> V:
    """log(1 + exp(x)), without overflow.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.softplus([-1000.0, 0.0, 1000.0]).round(3)
    array([0.00e+00, 6.93e-01, 1.00e+03])
    """
    return apply("softplus", x)


def silu(x: V) -> V:
    """x * sigmoid(x), also called swish.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.silu([-1.0, 0.0, 1.0]).round(3)
    array([-0.269,  0.   ,  0.731])
    """
    return apply("silu", x)


def gelu(x: V) -> V:
    """x times the normal distribution function of x (Hendrycks & Gimpel, 2016), exact.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.gelu([-1.0, 0.0, 1.0]).round(3)
    array([-0.159,  0.   ,  0.841])
    """
    return apply("gelu", x)


def linear(x: V) -> V:
    """x itself: the activation that is none.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.linear(3.0)
    3.0
    """
    return x


def exp(x: V) -> V:
    """The exponential.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.exp([0.0, 1.0]).round(3)
    array([1.   , 2.718])
    """
    return apply("exp", x)


def log(x: V) -> V:
    """The natural logarithm.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.log([1.0, 10.0]).round(3)
    array([0.   , 2.303])
    """
    return apply("log", x)


def log1p(x: V) -> V:
    """log(1 + x), exact for small x.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> float(el.log1p(1e-12))
    9.999999999995e-13
    """
    return apply("log1p", x)


def sqrt(x: V) -> V:
    """The square root.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.sqrt([4.0, 9.0])
    array([2., 3.])
    """
    return apply("sqrt", x)


def square(x: V) -> V:
    """x * x.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.square([-3.0, 2.0])
    array([9., 4.])
    """
    return apply("square", x)


def abs(x: V) -> V:
    """The absolute value.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.abs([-3.0, 2.0])
    array([3., 2.])
    """
    return apply("abs", x)


def sign(x: V) -> V:
    """-1, 0 or 1; its gradient is zero.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.sign([-3.0, 0.0, 2.0])
    array([-1.,  0.,  1.])
    """
    return apply("sign", x)


def sin(x: V) -> V:
    """The sine.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.sin([0.0, 1.0]).round(3)
    array([0.   , 0.841])
    """
    return apply("sin", x)


def cos(x: V) -> V:
    """The cosine.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.cos([0.0, 1.0]).round(3)
    array([1.  , 0.54])
    """
    return apply("cos", x)


def erf(x: V) -> V:
    """The error function.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.erf([0.0, 1.0]).round(3)
    array([0.   , 0.843])
    """
    return apply("erf", x)


def lgamma(x: V) -> V:
    """The logarithm of the gamma function, of x > 0; infinite at 0 and NaN below.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.lgamma([1.0, 5.0]).round(3)
    array([0.   , 3.178])
    """
    return apply("lgamma", x)


def digamma(x: V) -> V:
    """The derivative of the logarithm of the gamma function, of x > 0; minus infinity at 0 and NaN below.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.digamma([1.0, 5.0]).round(3)
    array([-0.577,  1.506])
    """
    return apply("digamma", x)


def floor(x: V) -> V:
    """The largest whole number that is not above x; it has no gradient.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.floor([-0.5, 1.7])
    array([-1.,  1.])
    """
    return apply("floor", x)


def stop_gradient(x: V) -> V:
    """x itself, which no gradient passes through: it counts as a constant where the equations are differentiated.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.stop_gradient([1.0, 2.0])
    array([1., 2.])
    """
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

    Returns
    -------
    symbol or array
        1 and 0.

    Examples
    --------
    >>> import elman as el
    >>> el.spike([-0.2, 0.0, 0.2])
    array([0., 0., 1.])
    """
    slope = fixed_number(slope, "spike's slope")
    if not 0 < slope < math.inf:
        raise OptionError(f"spike's slope is {slope}; expected a number above 0")
    return apply("spike", x, numbers=(slope,))


def maximum(a: Value, b: Value) -> Symbol | np.ndarray:
    """The larger of two, value by value.

    Parameters
    ----------
    a, b : symbol, array or number
        A number, or one value a row, goes with every feature.

    Returns
    -------
    symbol or array

    Examples
    --------
    >>> import elman as el
    >>> el.maximum([1.0, 5.0], 3.0)
    array([3., 5.])
    """
    return apply("maximum", a, b)


def minimum(a: Value, b: Value) -> Symbol | np.ndarray:
    """The smaller of two, value by value.

    Parameters
    ----------
    a, b : symbol, array or number
        A number, or one value a row, goes with every feature.

    Returns
    -------
    symbol or array

    Examples
    --------
    >>> import elman as el
    >>> el.minimum([1.0, 5.0], 3.0)
    array([1., 3.])
    """
    return apply("minimum", a, b)


def equal(a: Value, b: Value) -> Symbol | np.ndarray:
    """1 where a equals b, else 0.

    Parameters
    ----------
    a, b : symbol, array or number
        A number, or one value a row, goes with every feature.

    Returns
    -------
    symbol or array

    Examples
    --------
    >>> import elman as el
    >>> el.equal([1.0, 5.0], 5.0)
    array([0., 1.])
    """
    return apply("eq", a, b)


def where(condition: Value, a: Value, b: Value) -> Symbol | np.ndarray:
    """a where the condition holds (is not 0), else b.

    Parameters
    ----------
    condition : symbol, array or number
        Holds where it is not 0.
    a, b : symbol, array or number
        A number, or one value a row, goes with every feature.

    Returns
    -------
    symbol or array

    Examples
    --------
    >>> import elman as el
    >>> el.where([0.0, 1.0], [1.0, 2.0], 9.0)
    array([9., 2.])
    """
    return apply("where", condition, a, b)


def clip(x: V, low: float, high: float) -> V:
    """x kept within [low, high]; no gradient outside. For bounds that are symbols write `maximum` and `minimum`.

    Parameters
    ----------
    x : symbol, array or number
        Value by value.
    low, high : float
        Its bounds, numbers.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Raises
    ------
    OptionError
        If `low` is above `high`, or one of them is no number.

    Examples
    --------
    >>> import elman as el
    >>> el.clip([-2.0, 0.5, 7.0], 0.0, 1.0)
    array([0. , 0.5, 1. ])
    """
    low, high = fixed_number(low, "clip's lower bound"), fixed_number(high, "clip's upper bound")
    if not low <= high:
        raise OptionError(f"clip needs low <= high, got {low} and {high}")
    return apply("clip", x, numbers=(low, high))


def sum(x: V) -> V:
    """The sum over the features of a row; one value, which broadcasts.

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.

    Returns
    -------
    symbol, array or number
        One value a row, on an axis of length 1.

    Examples
    --------
    >>> import elman as el
    >>> el.sum([[1.0, 2.0], [3.0, 4.0]])
    array([[3.],
           [7.]])
    """
    return apply("sum", x)


def mean(x: V) -> V:
    """The mean over the features of a row; one value, which broadcasts.

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.

    Returns
    -------
    symbol, array or number
        One value a row, on an axis of length 1.

    Examples
    --------
    >>> import elman as el
    >>> el.mean([[1.0, 2.0], [3.0, 4.0]])
    array([[1.5],
           [3.5]])
    """
    return apply("mean", x)


def max(x: V) -> V:
    """The largest feature of a row; one value, which broadcasts. Ties share the gradient.

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.

    Returns
    -------
    symbol, array or number
        One value a row, on an axis of length 1.

    Examples
    --------
    >>> import elman as el
    >>> el.max([[1.0, 2.0], [5.0, 4.0]])
    array([[2.],
           [5.]])
    """
    return apply("max", x)


def pick(x: V, index: Value) -> V:
    """The feature of each row whose number is `index`: a class's score by its index.

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.
    index : symbol, or array of int
        One a row, from 0 on; such as the target of a loss of classes.

    Returns
    -------
    symbol, array or number
        One value a row, on an axis of length 1.

    Examples
    --------
    >>> import elman as el
    >>> el.pick([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], [[1], [0]])
    array([[0.7],
           [0.5]])
    """
    return apply("pick", x, index)


def dropout(x: V, rate: float, *, once: bool = False) -> V:
    """In training, x with each value set to zero with probability `rate` and the rest scaled by 1 / (1 - rate).

    The mask depends on the seed, the update, the time step, the row and the unit only (Srivastava et al., 2014). With
    `once` one mask serves all steps of a sequence, so that a state can be dropped again and again without losing all
    of its units (Gal and Ghahramani, 2016: variational dropout).

    Parameters
    ----------
    x : symbol, array or number
        Value by value.
    rate : float
        The probability, in [0, 1).
    once : bool, default False
        Whether a sequence has one mask.

    Returns
    -------
    symbol or array
        Outside of training, and of arrays, `x` as it is.

    Examples
    --------
    >>> import elman as el
    >>> el.dropout([1.0, 2.0], 0.5)
    array([1., 2.])
    """
    rate = fixed_number(rate, "dropout's rate")
    if not 0 <= rate < 1:
        raise OptionError(f"dropout's rate must be in [0, 1), got {rate}")
    op = "dropout_once" if flag(once, "dropout's once") else "dropout"
    return apply(op, x, numbers=(rate, next_dropout() if isinstance(x, Symbol) else 0))


def _centred(x: Any, middle: Callable[[Any], Any]) -> Any:
    return x - middle(x)


def softmax(x: V) -> V:
    """exp(x) / sum(exp(x)), without overflow.

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.softmax([0.0, 1.0, 1000.0]).round(3)
    array([0., 0., 1.])
    """
    e: Any = exp(_centred(x, max))
    return e / sum(e)


def log_softmax(x: V) -> V:
    """log(softmax(x)), without overflow.

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.log_softmax([0.0, 0.0]).round(3)
    array([-0.693, -0.693])
    """
    shifted = _centred(x, max)
    return shifted - log(sum(exp(shifted)))


def normalise(x: V, epsilon: float = 1e-5) -> V:
    """x with mean 0 and variance 1 over the features of each row (Ba, Kiros & Hinton, 2016).

    Parameters
    ----------
    x : symbol, array or number
        Features on the last axis.
    epsilon : float, default 1e-5
        Added to the variance, so that equal features give 0.

    Returns
    -------
    symbol, array or number
        As `x` is.

    Examples
    --------
    >>> import elman as el
    >>> el.normalise([1.0, 2.0, 3.0]).round(3)
    array([-1.225,  0.   ,  1.225])
    """
    centred = _centred(x, mean)
    return centred / sqrt(mean(square(centred)) + epsilon)


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    f.__name__: f for f in (sigmoid, tanh, relu, leaky_relu, elu, softplus, silu, gelu, linear, softmax, sin, exp)
}


def activation(which: str | Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """An activation by its name, or the function itself; None is `linear`.

    Parameters
    ----------
    which : str, callable or None
        One of `ACTIVATIONS`, or a function of equations.

    Returns
    -------
    callable

    Raises
    ------
    OptionError
        If it is neither, or there is no such name.

    Examples
    --------
    >>> from elman.equations import activation
    >>> activation("relu")([-1.0, 1.0])
    array([0., 1.])
    """
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
