"""Indices: which slots of a plan hold whole numbers, and what goes into them.

The rows of a table and the classes of a loss are named by whole numbers, which a float32 counts up to 2**24 only. A
slot that is filled from the input or the target, and that nothing reads but as an index, therefore holds integers, in
every engine. An index that a network makes itself is a value like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

import numpy as np

from elman.engine.plan import Attend, Elementwise, Lookup, Move, Plan, Product, Step
from elman.engine.sums import MatrixGradient, TableGradient
from elman.equations.ops import OPS
from elman.errors import DataError, EngineError

ANYTHING = 0  # a use of a slot as a value, in place of the limit of an index
COPIES = ("reverse", "shift", "take", "repeat")  # moves after which an index is an index


class Use(NamedTuple):
    """That something reads or writes a slot: as an index below `below`, or as a value."""

    slot: int
    below: int


def whole_numbers(plan: Plan, dtype: np.dtype) -> dict[int, int]:
    """The slots that hold whole numbers, each with the number that these are below.

    Raises
    ------
    EngineError
        If an index is also a value of the network, and of more rows or classes than `dtype` counts.
    """
    limits = _limits(plan)
    found = {slot: min(below) for slot, below in limits.items() if ANYTHING not in below}
    counted = 2 ** (np.finfo(dtype).nmant + 1)
    for below in limits.values():
        if ANYTHING in below and max(below) > counted:
            raise EngineError(
                f"an index below {max(below)} is also a value of the network, and {dtype} counts to {counted} only: "
                "use dtype=np.float64, or the index as nothing else"
            )
    return {slot: below for slot, below in found.items() if slot < len(plan.slots) and plan.slots[slot].width == 1}


def _limits(plan: Plan) -> dict[int, set[int]]:
    """How each slot that is read as an index is used, a copy of another at other steps like that one."""
    limits: dict[int, set[int]] = defaultdict(set)
    for use in _uses(plan):
        limits[use.slot].add(use.below)
    for step in reversed(list(_steps(plan))):  # a copy is used later than what it is a copy of
        if _copies(step):
            limits[step.source.slot] |= limits[step.target.slot]
    given = {*(place.slot for place in plan.inputs), *(goal.slot for goal in plan.goals)}
    for slot in list(limits):
        if slot not in given:
            limits[slot].add(ANYTHING)
    for step in _steps(plan):
        if _copies(step) and ANYTHING not in limits[step.source.slot]:
            limits[step.target.slot] = limits[step.source.slot]
    return {slot: below for slot, below in limits.items() if below - {ANYTHING}}


def _copies(step: Step) -> TypeGuard[Move]:
    return isinstance(step, Move) and step.kind in COPIES


def _steps(plan: Plan) -> Iterator[Step]:
    for stage in plan.stages:
        yield from (*stage.before, *stage.loop, *stage.reverse, *stage.after)


def _uses(plan: Plan) -> Iterator[Use]:
    for step in _steps(plan):
        yield from _uses_of(step)
    for gradient in plan.gradients:
        yield Use(gradient.delta.slot, ANYTHING)
        if isinstance(gradient, MatrixGradient):
            yield Use(gradient.source.slot, ANYTHING)
        elif isinstance(gradient, TableGradient):
            yield Use(gradient.index.slot, gradient.rows)
    yield from (Use(place.slot, ANYTHING) for place in plan.outputs)


def _uses_of(step: Step) -> Iterator[Use]:
    if isinstance(step, Product):
        yield from (Use(ref.slot, ANYTHING) for ref in (step.source, *step.targets))
    elif isinstance(step, Lookup):
        yield from (Use(step.index.slot, step.rows), Use(step.target.slot, ANYTHING))
    elif isinstance(step, Move):
        if not _copies(step):
            yield from (Use(ref.slot, ANYTHING) for ref in (step.source, step.target))
    elif isinstance(step, Attend):
        yield from (Use(ref.slot, ANYTHING) for ref in (step.query, step.keys, step.values, step.target))
    elif isinstance(step, Elementwise):
        for instruction in step.code:
            out, inputs, index = instruction.out, instruction.inputs, OPS[instruction.op].index
            widest = max(out.width, inputs[0].width)  # what has the place that an index names
            operands = [(out, ANYTHING), *((o, widest if k == index else ANYTHING) for k, o in enumerate(inputs))]
            yield from (Use(o.ref.slot, below) for o, below in operands if o.kind == "slot")


def as_indices(array: np.ndarray, below: int, lengths: np.ndarray | None, name: str) -> np.ndarray:
    """An array of indices (N, T, 1) or (N, 1) as int64, not copied if it is that already.

    Raises
    ------
    DataError
        At the first one in use that is no whole number from 0 to `below` - 1.
    """
    with np.errstate(invalid="ignore"):
        found = array.astype(np.int64, copy=False)
    if found is array and (not found.size or (found.min() >= 0 and found.max() < below)):
        return found
    wrong = (found < 0) | (found >= below) | (found != array)
    if lengths is not None and array.ndim == 3:
        wrong &= (np.arange(array.shape[1]) < np.asarray(lengths)[:, None])[:, :, None]
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        at = ", ".join(map(str, place[:-1]))
        raise DataError(f"{name}[{at}] is {array[place]}: expected a whole number from 0 to {below - 1}")
    return found
