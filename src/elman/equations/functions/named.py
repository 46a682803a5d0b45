"""Activations by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.checks import nearest, shown
from elman.equations.functions.activations import elu, gelu, leaky_relu, linear, relu, sigmoid, silu, softplus, tanh
from elman.equations.functions.elementary import exp, sin
from elman.equations.functions.rows import softmax
from elman.errors import OptionError

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
