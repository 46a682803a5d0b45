"""Over the features of a row: sums, extremes and what makes rows alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.equations.functions.applying import V, Value, apply
from elman.equations.functions.elementary import exp, log, sqrt, square


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
