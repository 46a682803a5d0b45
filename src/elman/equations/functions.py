"""The functions that equations are written with.

Each works on symbols (in a cell) and on NumPy arrays (to try an equation by hand): features lie on the last axis. Of
symbols comes a symbol, of arrays an array, of numbers a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import numpy as np

from elman.checks import flag, is_number, whole
from elman.equations.ops import OPS
from elman.equations.symbols import Parameter, Symbol, build
from elman.equations.widths import next_dropout, users_line
from elman.errors import EquationError, OptionError, ShapeError

Value = Symbol | np.ndarray | float
V = TypeVar("V", bound=Value)
MOST_PLACES = 2**24  # which every float counts to
MOST_PARTS = 2**16


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


def concat(*values: Value) -> Symbol | np.ndarray:
    """Vectors beside one another, as one that is as wide as all of them; a number is one value.

    Examples
    --------
    >>> concat(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [6.0]]), 0)
    array([[1., 2., 5., 0.],
           [3., 4., 6., 0.]])
    """
    if not values or any(isinstance(v, list | tuple) for v in values):
        raise EquationError(f"concat takes one vector or more, each as an argument: concat(a, b).\n  {users_line()}")
    joined: Any = values[0] if len(values) > 1 else apply("copy", values[0])
    for value in values[1:]:
        joined = apply("concat", joined, value)
    return joined


def split(x: V, parts: int) -> tuple[V, ...]:
    """A vector's parts of equal width, as many as `parts` says.

    Examples
    --------
    >>> split(np.arange(6.0), 3)
    (array([0., 1.]), array([2., 3.]), array([4., 5.]))
    """
    parts = whole(parts, "split's number of parts", most=MOST_PARTS)
    return tuple(apply("part", x, numbers=(k, parts)) for k in range(parts))


def roll(x: V, places: int) -> V:
    """The values of a vector moved on by some places, the last ones to the front; back if `places` is negative.

    Examples
    --------
    >>> roll(np.arange(5.0), 2)
    array([3., 4., 0., 1., 2.])
    """
    places = whole(places, "roll's number of places", least=-MOST_PLACES, most=MOST_PLACES)
    if not places:
        return apply("copy", x)
    ends = apply("slice", x, numbers=(-places, 0)), apply("slice", x, numbers=(0, -places))
    return apply("concat", *ends)


def outer(a: V, b: V) -> V:
    """The matrix of all products of a value of a with one of b, ``a b'``, as one vector, row after row.

    Such matrices are states of linear attention, of fast weights, of the mLSTM and others; see `matvec`.

    Examples
    --------
    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0]))
    array([ 3.,  4.,  5.,  6.,  8., 10.])
    """
    return apply("outer", a, b)


def matvec(matrix: V, x: V) -> V:
    """A matrix that is one vector, row after row (`outer`), times x: as many rows as its width holds that of x.

    Examples
    --------
    >>> matvec(np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
    return apply("matvec", matrix, x)


def vecmat(x: V, matrix: V) -> V:
    """x times a matrix that is one vector, row after row: the transposed matrix times x.

    Examples
    --------
    >>> vecmat(np.array([10.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    array([13., 24.])
    """
    return apply("vecmat", x, matrix)


def scalar(parameter: V) -> V:
    """A parameter that is one number and broadcasts, like what `sum` gives: ``el.scalar(p.alpha) * h``.

    Without it ``p.alpha * h`` is a vector as wide as h. It is said in the equations, for what they mean depends on it,
    and where the parameter is first used.

    Examples
    --------
    >>> import elman as el
    >>> @el.cell
    ... def leaky(p, x, h):
    ...     a = el.sigmoid(el.scalar(p.a))
    ...     return a * h + (1 - a) * el.tanh(p.W @ x + p.U @ h)
    >>> el.Network(3, [el.Recurrent(leaky, 4)]).params["0.a"].shape
    (1,)
    """
    if isinstance(parameter, Parameter):
        return parameter.as_scalar()  # type: ignore[return-value]
    if isinstance(parameter, Symbol):
        raise EquationError(f"scalar takes a parameter, as in el.scalar(p.a), got {parameter!r}.\n  {users_line()}")
    if np.size(parameter) != 1:
        raise ShapeError(f"a scalar has one value, got an array of shape {np.shape(parameter)}")
    return parameter


class Blocks:
    """A block-diagonal matrix, see `blocks`: good for ``blocks(p.W, 4) @ x`` only."""

    __array_ufunc__ = None  # arrays leave their operators to the refusal below

    def __init__(self, matrix: Any, count: int):
        self.matrix, self.count = matrix, count

    def __matmul__(self, x: Any) -> Any:
        return apply("block_matmul", self.matrix, x, numbers=(self.count,))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise EquationError(f"el.blocks(...) can only multiply, as in el.blocks(p.W, 4) @ x.\n  {users_line()}")


def blocks(matrix: Value, count: int) -> Blocks:
    """A block-diagonal matrix of `count` blocks, to be multiplied: heads that do not see one another.

    ``el.blocks(p.W, 4) @ x`` splits x into 4 parts, multiplies each with a block of its own and puts the results beside
    one another. The blocks are the rows of ``W`` in order: W has shape (out, in / 4), a quarter of a full matrix.

    Parameters
    ----------
    matrix : parameter or array, shape (out, in / count)
        The blocks below one another.
    count : int
        How many there are; it divides the widths of the operand and of the result.

    Examples
    --------
    >>> blocks(np.array([[1.0, 2.0], [3.0, 4.0]]), 2) @ np.array([1.0, 1.0, 10.0, 10.0])
    array([ 3., 70.])
    """
    count = whole(count, "the number of blocks", most=MOST_PARTS)
    if isinstance(matrix, Symbol) and not isinstance(matrix, Parameter):
        raise EquationError(f"blocks takes a parameter, as in el.blocks(p.W, 4) @ x, got {matrix!r}.\n  {users_line()}")
    return Blocks(matrix, count)


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
    if which not in ACTIVATIONS:
        raise EquationError(
            f"unknown activation {which!r}; there are {', '.join(sorted(ACTIVATIONS))}, or give a function"
        )
    return ACTIVATIONS[which]
