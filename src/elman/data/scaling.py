"""Bringing a series to mean 0 and deviation 1, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """``z = (v - mean) / deviation``.

    A constant series has deviation 0: it maps to zeros, and every z maps back to the constant.

    Parameters
    ----------
    mean, deviation : float
        In the units of the series.

    Examples
    --------
    >>> import numpy as np
    >>> scaling = Scaling.of(np.array([1.0, 3.0]))
    >>> scaling.apply(np.array([5.0])), scaling.undo(np.array([3.0]))
    (array([3.]), array([5.]))
    """

    mean: float
    deviation: float

    @staticmethod
    def of(values: np.ndarray) -> Scaling:
        """The scaling that brings `values` to mean 0 and deviation 1."""
        values = np.asarray(values, np.float64)
        if values.min() == values.max():  # the mean of equal values is off by a rounding, which dividing would blow up
            return Scaling(float(values[0]), 0.0)
        size = float(np.abs(values).max())  # so that squares of huge or tiny values stay in range
        return Scaling(float((values / size).mean() * size), float((values / size).std() * size))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """To mean 0 and deviation 1."""
        return (np.asarray(values, np.float64) - self.mean) / (self.deviation or 1.0)

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """Back to the units of the series."""
        return np.asarray(scaled, np.float64) * self.deviation + self.mean
