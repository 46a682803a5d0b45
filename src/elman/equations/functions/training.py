"""What training sees otherwise than the value is: dropout, and where gradients end."""

from __future__ import annotations

from elman.checks import flag
from elman.equations.functions.applying import V, apply, fixed_number
from elman.equations.symbols import Symbol
from elman.equations.widths import next_dropout
from elman.errors import OptionError


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
