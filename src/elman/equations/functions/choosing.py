"""Choices, value by value."""

from __future__ import annotations

import numpy as np

from elman.equations.functions.applying import V, Value, apply, fixed_number
from elman.equations.symbols import Symbol
from elman.errors import OptionError


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
