"""Activations, value by value."""

from __future__ import annotations

import math

from elman.equations.functions.applying import V, apply, fixed_number
from elman.errors import OptionError


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
