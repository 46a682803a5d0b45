"""Functions of whole vectors: beside one another, parts, matrices that are one vector, parameters of other kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from elman.checks import whole
from elman.equations.functions.applying import V, Value, apply
from elman.equations.symbols import Parameter, Symbol, made_of_parameters
from elman.equations.widths import users_line
from elman.errors import EquationError, ShapeError

MOST_PLACES = 2**24  # which every float counts to
MOST_PARTS = 2**16


def concat(*values: Value) -> Symbol | np.ndarray:
    """Vectors beside one another, as one that is as wide as all of them; a number is one value.

    Parameters
    ----------
    *values : symbols, arrays or numbers
        One or more.

    Returns
    -------
    symbol or array
        As wide as all of them together.

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

    Parameters
    ----------
    x : symbol or array
        Features on the last axis, as many as `parts` divides.
    parts : int
        How many parts.

    Returns
    -------
    tuple of symbols or arrays

    Examples
    --------
    >>> split(np.arange(6.0), 3)
    (array([0., 1.]), array([2., 3.]), array([4., 5.]))
    """
    parts = whole(parts, "split's number of parts", most=MOST_PARTS)
    return tuple(apply("part", x, numbers=(k, parts)) for k in range(parts))


def roll(x: V, places: int) -> V:
    """The values of a vector moved on by some places, the last ones to the front; back if `places` is negative.

    Parameters
    ----------
    x : symbol or array
        Features on the last axis.
    places : int
        How far.

    Returns
    -------
    symbol or array
        As wide as `x`.

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

    Parameters
    ----------
    a, b : symbol or array
        Vectors of m and of n features.

    Returns
    -------
    symbol or array
        Of m n features.

    Examples
    --------
    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0]))
    array([ 3.,  4.,  5.,  6.,  8., 10.])
    """
    return apply("outer", a, b)


def matvec(matrix: V, x: V) -> V:
    """A matrix that is one vector, row after row (`outer`), times x: as many rows as its width holds that of x.

    Parameters
    ----------
    matrix : symbol or array
        Of m n features, row after row.
    x : symbol or array
        Of n features.

    Returns
    -------
    symbol or array
        Of m features.

    Examples
    --------
    >>> matvec(np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
    return apply("matvec", matrix, x)


def vecmat(x: V, matrix: V) -> V:
    """x times a matrix that is one vector, row after row: the transposed matrix times x.

    Parameters
    ----------
    x : symbol or array
        Of m features.
    matrix : symbol or array
        Of m n features, row after row.

    Returns
    -------
    symbol or array
        Of n features.

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

    Parameters
    ----------
    parameter : parameter, or an array of one value
        Such as ``p.alpha``.

    Returns
    -------
    symbol or array
        One value, which goes with every feature.

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

    __array_ufunc__: None = None  # arrays leave their operators to the refusal below

    def __init__(self, matrix: Any, count: int):
        self.matrix: Any = matrix
        self.count: int = count

    def __matmul__(self, x: Any) -> Any:
        return apply("block_matmul", self.matrix, x, numbers=(self.count,))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._only_multiplies()

    def _only_multiplies(self, *_: Any) -> NoReturn:
        raise EquationError(
            "el.blocks(...) can only multiply, as in el.blocks(p.W, 4) @ x; what is made of the matrix stands inside, "
            f"as in el.blocks(0.5 * p.W, 4) @ x.\n  {users_line()}"
        )

    if not TYPE_CHECKING:  # to a type checker these are not there, so that it refuses them too
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _only_multiplies
        __neg__ = __pos__ = __abs__ = __pow__ = __rpow__ = __rmatmul__ = __getitem__ = __iter__ = _only_multiplies
        __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __float__ = __len__ = _only_multiplies


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

    Returns
    -------
    Blocks
        Good for ``@`` only.

    Examples
    --------
    >>> blocks(np.array([[1.0, 2.0], [3.0, 4.0]]), 2) @ np.array([1.0, 1.0, 10.0, 10.0])
    array([ 3., 70.])
    """
    count = whole(count, "the number of blocks", most=MOST_PARTS)
    if isinstance(matrix, Symbol) and not made_of_parameters(matrix):
        raise EquationError(f"blocks takes a parameter, as in el.blocks(p.W, 4) @ x, got {matrix!r}.\n  {users_line()}")
    return Blocks(matrix, count)
