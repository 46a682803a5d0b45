"""Ranges: what equations say of the values of an input, which a network checks where it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations.symbols import Symbol, width
from elman.equations.widths import is_recording, ranges
from elman.errors import DataError, EquationError


@dataclass(frozen=True)
class Range:
    """That the values of an input, or of some of its features, are not below `low` nor above `high`.

    `what` says what they are, as in "the time since the step before".
    """

    low: float
    high: float
    what: str

    @property
    def expected(self) -> str:
        bounds = f"at least {self.low:g}" if self.high == np.inf else f"{self.low:g} to {self.high:g}"
        return f"{self.what}, which is {bounds}"

    def misses(self, values: np.ndarray) -> np.ndarray:
        """Where values are outside; NaN is not, it is found elsewhere."""
        return (values < self.low) | (values > self.high)


def within(x: Any, what: str, low: float = 0.0, high: float = np.inf) -> Any:
    """x itself, an input or a part of one, of which this says what values it may have.

    A network refuses other values of its inputs; what a layer makes for another is not looked at.

    Parameters
    ----------
    x : value or array
        An input of a cell, or a slice of one.
    what : str
        What it is, in words, for the error.
    low, high : float, default 0 and no bound
        The least and the most that it may be.

    Returns
    -------
    value or array
        x.

    Raises
    ------
    DataError
        If x is an array with values outside.
    EquationError
        If x is another value, or there is nothing between the bounds.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> fade = el.cell(lambda p, x, h: h * el.exp(-within(x, "the time since the step before")))
    >>> el.Network(4, [el.Recurrent(fade, 4)])(-np.ones((1, 1, 4)))
    Traceback (most recent call last):
        ...
    elman.errors.DataError: ...
    """
    said = Range(low, high, what)
    if not low <= high:
        raise EquationError(f"there is nothing from {low:g} to {high:g}: within(x, what, low, high)")
    if isinstance(x, Symbol):
        if (x.inputs[0] if x.op == "slice" else x).op != "input":
            raise EquationError("within says the range of an input, x, or of a part of one, x[1:]")
        if is_recording():
            ranges().append((x, said))
    elif (wrong := said.misses(np.asarray(x))).any():
        raise DataError(f"{np.asarray(x)[wrong][0]:g} came; expected {said.expected}")
    return x


def features_of(x: Symbol) -> tuple[Symbol, slice]:
    """The input that x is or is a slice of, and which of its features."""
    if x.op != "slice":
        return x, slice(0, width(x))
    whole = x.inputs[0]
    return whole, slice(int(x.first) or None, int(x.second) or None)
