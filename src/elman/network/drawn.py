"""Inputs drawn at random, of the kind that a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.engine.indices import whole_numbers
from elman.equations.ranges import Range
from elman.network.doors import Door
from elman.network.face import Net


def random_inputs(net: Net, random: np.random.Generator, rows: int, steps: int) -> Any:
    """Normal values, or indices, for each input: one array, or a dict of them by name.

    The first time axis has `steps`, and each further one has a step more than the one before it.
    """
    plan = net.engine().plan
    limits = whole_numbers(plan, net.dtype)
    found = {
        door.given.name: _drawn(door, limits.get(place.slot, 0), random, rows, steps)
        for door, place in zip(net.doors, plan.inputs, strict=True)
    }
    return found if len(found) > 1 else next(iter(found.values()))


def _drawn(door: Door, below: int, random: np.random.Generator, rows: int, steps: int) -> np.ndarray:
    shape = (rows, steps + door.given.axis, door.given.width) if door.steps else (rows, door.given.width)
    if below:
        return random.integers(0, below, shape)
    found = random.normal(size=shape)
    for said, features in door.ranges:
        found[..., features] = _inside(found[..., features], said)
    return found


def _inside(values: np.ndarray, said: Range) -> np.ndarray:
    """Values as far above the lowest one as they are from 0, or spread between both ends."""
    if said.high == np.inf:
        return said.low + np.abs(values)
    return said.low + (said.high - said.low) * np.abs(np.tanh(values))
