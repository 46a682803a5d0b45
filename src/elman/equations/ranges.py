"""Ranges: what equations say of the values of an input, which a network checks where it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations.symbols import Symbol, width
from elman.equations.widths import is_recording, ranges
from elman.errors import DataError


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
    """x itself, an input or a slice of one, of which this says the range.

    A network refuses other values of its inputs; what a layer makes for another is not looked at.

    Raises
    ------
    DataError
        If x is an array with values outside.
    """
    said = Range(low, high, what)
    if isinstance(x, Symbol):
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
