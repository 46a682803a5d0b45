"""Slots: the arrays in which the values of a plan lie, and places in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ONCE = -1  # the axis of what has one step

# steps:  T rows, one for each time step of the slot's axis
# states: T + 1 rows; row t is the value before step t, row T the final one
# pair:   2 rows used in turn, a `states` slot that forgets
# single: 1 row, scratch within one step
Time = Literal["steps", "states", "pair", "single"]


@dataclass(frozen=True)
class Slot:
    """An array of shape (steps, B, width)."""

    width: int
    time: Time
    stage: int
    name: str = ""
    axis: int = 0


@dataclass(frozen=True)
class Ref:
    """Row ``(t + offset) % steps`` of a slot, at step t."""

    slot: int
    offset: int = 0
