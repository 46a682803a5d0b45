"""Elementary and special functions, value by value."""

from __future__ import annotations

from elman.equations.functions.applying import V, apply


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
