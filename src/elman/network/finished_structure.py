"""The end of a structure's making: what is spare is left out, and what nobody reads is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.errors import OptionError, ShapeError
from elman.network.flow import Part, Tracing
from elman.network.flows import Axis, Flow
from elman.network.structure import Given, Structure


def finished(
    tracing: Tracing, inputs: list[Flow], outputs: list[Flow], names: list[str] | None, by_name: bool
) -> Structure:
    """The structure of what was traced, its time axes numbered."""
    parts, where = _without_spare(tracing.parts, [flow.where for flow in outputs])
    numbers: dict[Axis, int] = {}
    for flow in inputs:
        if flow.axis is not None:
            numbers.setdefault(flow.axis.root(), len(numbers))
    if not numbers:
        raise ShapeError("a network needs an input with time steps; all of its inputs are static")

    def number(axis: Axis | None) -> int:
        return ONCE if axis is None else numbers[axis.root()]

    structure = Structure(
        tuple(Given(flow.name, flow.features, number(flow.axis)) for flow in inputs),
        tuple(parts),
        tuple(number(part.axis) for part in parts),
        tuple(where),
        None if names is None else tuple(names),
        by_name,
    )
    check_read(structure)
    return structure


def _without_spare(parts: list[Part], outputs: list[Source]) -> tuple[list[Part], list[Source]]:
    """The parts, numbered anew, without those that are made only to be read and are not; and the outputs."""
    kept = sorted(_wanted(parts, outputs))
    new = {old: number for number, old in enumerate(kept)}

    def moved(source: Any) -> Any:
        return source if source is None or source.number < 0 else replace(source, number=new[source.number])

    def renumbered(part: Part) -> Part:
        names = ("sources", "initial", "memories")
        found: dict[str, Any] = {name: tuple(map(moved, getattr(part, name))) for name in names}
        return replace(part, tied={name: (new[k], theirs) for name, (k, theirs) in part.tied.items()}, **found)

    return [renumbered(parts[k]) for k in kept], [moved(source) for source in outputs]


def _wanted(parts: list[Part], outputs: list[Source]) -> set[int]:
    """The numbers of the parts that are not spare, and of all that these and the outputs need."""
    found: set[int] = set()
    stack = [k for k, part in enumerate(parts) if not part.spare] + [source.number for source in outputs]
    while stack:
        number = stack.pop()
        if number >= 0 and number not in found:
            found.add(number)
            stack += _read_by(parts[number : number + 1], ())
            stack += [owner for owner, _ in parts[number].tied.values()]
    return found


def _read_by(parts: Sequence[Part], outputs: Sequence[Source]) -> set[int]:
    """The numbers of what is read by a part, or returned."""
    read = {s.number for part in parts for s in (*part.sources, *part.initial, *part.memories) if s is not None}
    return read | {source.number for source in outputs}


def check_read(structure: Structure) -> None:
    """Raise `OptionError` at what nobody reads: it would be computed for nothing.

    Of an input only the steps may be used, as by `repeat`: its time axis is that of a part, or of another input.
    """
    read = _read_by(structure.parts, structure.outputs)
    for number, part in enumerate(structure.parts):
        if number not in read:
            raise OptionError(
                f"{part.name} is used by no other layer and is no output: leave it out, or return it too.\n"
                f"  {part.line}"
            )
    axes = Counter([*structure.axes, *(given.axis for given in structure.inputs)])
    for number, given in enumerate(structure.inputs):
        paces = given.axis != ONCE and axes[given.axis] > 1
        if ~number not in read and not paces:
            raise OptionError(f"the input {given.name} is used by no layer: leave it out, or use it")
