"""Penalties on activities: what values that a network computes add to the loss of a training."""

from __future__ import annotations

from dataclasses import dataclass

from elman.equations import cell, square
from elman.equations import sum as total
from elman.training.ends import End
from elman.training.loss import Loss


@cell(inputs=2)
def activity_penalty(p, y, nothing, *, l1=0.0, l2=0.0):
    """The sum over the features of their absolute values and of their squares; it has no target."""
    terms = [l1 * total(abs(y))] * (l1 > 0) + [l2 * total(square(y))] * (l2 > 0)
    return terms[0] + terms[1] if len(terms) > 1 else terms[0]


@dataclass(frozen=True)
class Penalty:
    """Of the values of one layer, as an output that nobody reads.

    Attributes
    ----------
    end : End
        The values.
    l1, l2 : float
        What their absolute values and their squares count.
    """

    end: End
    l1: float
    l2: float

    @property
    def loss(self) -> Loss:
        """Its equations, whose target has one feature, which is not looked at."""
        return Loss("activity_penalty", activity_penalty.with_options(l1=self.l1, l2=self.l2))
