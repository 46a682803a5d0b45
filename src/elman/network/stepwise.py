"""Stepwise: which networks go from one step to the next, with nothing but their states between."""

from __future__ import annotations

from collections.abc import Collection

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.network.flow import Part
from elman.network.pieces import reads
from elman.network.structure import Structure


def hindrance(structure: Structure, numbers: Collection[int] | None = None, *, begins: bool = True) -> str:
    """Why a network cannot be run step by step; nothing if it can.

    Parameters
    ----------
    structure : Structure
    numbers : collection of int, optional
        The layers that are looked at; all by default.
    begins : bool, default True
        Whether states may not begin with what other layers make.
    """
    chosen = range(len(structure.parts)) if numbers is None else sorted(numbers)
    for number in chosen:
        why = _hindrance(structure, structure.parts[number], begins)
        if why:
            return f"{called(structure.parts[number])} {why}"
    sources = [s for k in chosen for s in reads(structure.parts[k], begins=False)]
    axes = {structure.axes[k] for k in chosen} | {structure.axis(source) for source in sources}
    return several_axes(structure) if len(axes - {ONCE}) > 1 else ""


def several_axes(structure: Structure) -> str:
    """That there are several time axes, with the inputs that have them."""
    of: dict[int, str] = {}
    for given in structure.inputs:
        if given.axis != ONCE:
            of.setdefault(given.axis, given.name)
    return f"the network has several time axes, those of {' and '.join(of.values())}"


def called(part: Part) -> str:
    """A layer in a message."""
    return f"layer {part.name} ({part.move.kind if part.move is not None else part.layer.cell.name})"


def _hindrance(structure: Structure, part: Part, begins: bool) -> str:
    if part.memories:
        return "attends to all steps of a sequence"
    if part.move is not None:
        return _of_move(structure, part)
    if part.layer.reverse:
        return "runs in reverse"
    begun = begins and any(s is not None for s in part.initial)
    return "begins with states that other layers make" if begun else ""


def _of_move(structure: Structure, part: Part) -> str:
    assert part.move is not None
    kind = part.move.kind
    if kind == "repeat":
        depends = _timed(structure, part.sources[0])
        return "repeats at each step what is known at the last one only" if depends else ""
    if kind == "take":
        return "" if part.move.number == -1 else f"takes step {part.move.number} of a sequence"
    if kind == "shift":
        steps = part.move.number
        return f"shifts a sequence by {steps} step{'s' * (abs(steps) != 1)}" if steps else ""
    return "runs a sequence in reverse" if kind == "reverse" else f"takes the {kind} of all steps"


def _timed(structure: Structure, source: Source) -> bool:
    """Whether a value depends on a sequence."""
    seen: set[Source] = set()
    stack = [source]
    while stack:
        if (one := stack.pop()) in seen:
            continue
        seen.add(one)
        if structure.axis(one) != ONCE or one.state >= 0:
            return True
        stack += reads(structure.parts[one.number]) if one.number >= 0 else []
    return False
