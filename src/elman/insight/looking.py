"""What of a network is looked at: all of its recurrent layers together, or one of them fed by what it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from elman.checks import nearest, shown
from elman.engine.stage import Source
from elman.errors import OptionError
from elman.network import Network
from elman.network.flow import Part, unused
from elman.network.pieces import Fed, piece, reads
from elman.network.stepwise import called, hindrance
from elman.network.structure import Structure


@dataclass(frozen=True)
class View:
    """The layers of a network that are looked at.

    Attributes
    ----------
    numbers : tuple of int
        Of those with states.
    stepping : Structure
        What goes from a step to the next one: these layers, their states the caller's.
    feeds : tuple of Source
        What each of its inputs is in the network.
    reverse : bool
        Whether time runs backwards for it: steps are counted as the layer takes them.
    """

    numbers: tuple[int, ...]
    stepping: Structure
    feeds: tuple[Source, ...]
    reverse: bool = False


def view(net: Network, layer: str | None = None) -> View:
    """What is looked at of a network.

    Raises
    ------
    OptionError
        If the network has no states, is no system that goes from step to step, or has no such layer with states.
    """
    check_recurrent(net)
    if layer is not None:
        return _alone(net.structure, _number(net.structure, layer))
    why = whole_hindrance(net)
    if why:
        raise OptionError(why)
    return _together(net.structure)


def check_recurrent(net: Network) -> None:
    """Refuse a network without states."""
    if not recurrent(net.structure):
        raise OptionError("the network has no recurrent layer, so it has no dynamics to look at")


def recurrent(structure: Structure) -> list[int]:
    """The layers that have states."""
    return [number for number, part in enumerate(structure.parts) if part.graph is not None and part.graph.states]


def whole_hindrance(net: Network) -> str:
    """Why all recurrent layers of a network together are no dynamical system, and what to do; nothing if they are."""
    structure, numbers, names = net.structure, recurrent(net.structure), alone_names(net)
    why = hindrance(structure, _makers(structure, numbers), begins=False) or _late_beginning(structure, numbers)
    if not why:
        return ""
    advice = f"; look at one layer by itself, layer={' or '.join(map(repr, names))}" if names else ""
    return f"{why}, so that no step leads the network from the past to the future{advice}"


def alone_names(net: Network) -> list[str]:
    """The layers with states that can be looked at by themselves."""
    parts = state_parts(net.structure)
    return [part.name for part in parts if not part.memories]


def _makers(structure: Structure, numbers: list[int]) -> set[int]:
    """These layers and all that feed them; not what their states begin with."""
    found: set[int] = set()
    left = list(numbers)
    while left:
        number = left.pop()
        if number >= 0 and number not in found:
            found.add(number)
            left += [source.number for source in reads(structure.parts[number], begins=False)]
    return found


def _late_beginning(structure: Structure, numbers: list[int]) -> str:
    """That a layer begins where another one ended, if one does."""
    for number in numbers:
        begun = [source.number for source in structure.parts[number].initial if source is not None]
        for other in sorted(_makers(structure, begun)):
            if other in numbers:
                return f"{called(structure.parts[number])} begins where layer {structure.parts[other].name} has ended"
    return ""


def _together(structure: Structure) -> View:
    numbers = recurrent(structure)
    whole = not hindrance(structure, begins=False)
    outputs = structure.outputs if whole else [Source(number) for number in numbers]
    stepping = piece(structure, outputs, free=numbers)
    places = {given.name: Source(~k) for k, given in enumerate(structure.inputs)}
    return View(tuple(numbers), stepping, tuple(places[given.name] for given in stepping.inputs))


def _number(structure: Structure, layer: Any) -> int:
    """Of a layer with states, by its name."""
    names = {structure.parts[number].name: number for number in recurrent(structure)}
    if not isinstance(layer, str) or layer not in names:
        inner = [name for name in names if isinstance(layer, str) and name.startswith(f"{layer}.")]
        hint = f" (did you mean {' or '.join(map(repr, inner))}?)" if inner else nearest(layer, names)
        raise OptionError(
            f"layer is {shown(layer)}{hint}, which is no layer with states of this network; there are "
            f"{', '.join(map(repr, names))}"
        )
    return names[layer]


def _alone(structure: Structure, number: int) -> View:
    part = structure.parts[number]
    if part.memories:
        raise OptionError(
            f"{called(part)} attends to all steps of a memory at each of its own, so that its step is no map of its "
            "states and one input"
        )
    feeds = tuple(dict.fromkeys(part.sources))
    names: list[str] = []
    for source in feeds:
        names.append(unused(_named(structure, source), names))
    given = {s: Fed(name, structure.features(s), structure.axis(s)) for s, name in zip(feeds, names, strict=True)}
    stepping = piece(structure, [Source(number)], given, free=[number])
    if part.layer.reverse:
        forward = replace(part.layer, reverse=False)
        stepping = replace(stepping, parts=(replace(stepping.parts[0], layer=forward),))
    return View((number,), stepping, feeds, bool(part.layer.reverse))


def _named(structure: Structure, source: Source) -> str:
    return structure.inputs[~source.number].name if source.number < 0 else structure.parts[source.number].name


def state_parts(structure: Structure) -> list[Part]:
    """The layers with states of a network that goes from step to step."""
    return [structure.parts[number] for number in recurrent(structure)]


def with_outputs_as_states(structure: Structure) -> Structure:
    """The same where each output beside the states is one of them, the first: what a step's loss is of."""
    changed = {k for k, part in enumerate(structure.parts) if part.graph is not None and part.graph.has_output}

    def moved(source: Any) -> Any:
        own = source is not None and source.number in changed and source.state >= 0
        return replace(source, state=source.state + 1) if own else source

    def stated(number: int, part: Part) -> Part:
        read = {name: tuple(map(moved, getattr(part, name))) for name in ("sources", "initial", "memories")}
        if number not in changed or part.graph is None:
            return replace(part, **read)  # type: ignore[arg-type]
        read["initial"] = (None, *read["initial"]) if part.initial else ()
        return replace(part, graph=part.graph.with_output_as_state(), **read)  # type: ignore[arg-type]

    parts = tuple(stated(number, part) for number, part in enumerate(structure.parts))
    return replace(structure, parts=parts, outputs=tuple(map(moved, structure.outputs)))


def makers(structure: Structure) -> list[Part]:
    """The layers with states, and all that feed them."""
    return [structure.parts[number] for number in sorted(_makers(structure, recurrent(structure)))]
