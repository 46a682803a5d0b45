"""Pieces of a network: the layers that make some of its values, as a network of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elman.engine.slots import ONCE
from elman.engine.stage import MoveSpec, Source
from elman.network.face import Net
from elman.network.flow import Part
from elman.network.stateless_layers import Activation, Dense
from elman.network.structure import Given, Structure


@dataclass(frozen=True)
class Fed:
    """What a piece is fed in place of a value that it does not make itself.

    Attributes
    ----------
    name : str
        Of the piece's input.
    width : int
    axis : int
        The time axis in the whole network; `ONCE` of a value without time.
    take : int, optional
        The step of that input which is the value; by default it is the value itself.
    """

    name: str
    width: int
    axis: int
    take: int | None = None


def piece(
    whole: Structure, outputs: Sequence[Source], given: Mapping[Source, Fed] | None = None, free: Collection[int] = ()
) -> Structure:
    """The layers that make some values of a network.

    Parameters
    ----------
    whole : Structure
        The network.
    outputs : sequence of Source
        What is wanted of it.
    given : mapping of Source to Fed, optional
        Values that come as inputs, behind those of the network, so that nothing that makes them is needed.
    free : collection of int
        Layers whose states the caller begins, whatever they begin with in the network.
    """
    return _Cutter(whole, given or {}, frozenset(free)).structure(outputs)


class _Cutter:
    def __init__(self, whole: Structure, given: Mapping[Source, Fed], free: frozenset[int]):
        self.whole: Structure = whole
        self.given: Mapping[Source, Fed] = given
        self.free: frozenset[int] = free
        self.inputs: list[Given] = []
        self.parts: list[Part] = []
        self.axes: list[int] = []
        self.numbers: dict[int, int] = {}  # of the whole network's layers that are here
        self.new: dict[Source, Source] = {}
        self.owners: dict[tuple[int, str], tuple[int, str]] = {}

    def structure(self, outputs: Sequence[Source]) -> Structure:
        needed = self._needed(outputs)
        self._take_inputs(needed)
        for source, fed in self.given.items():
            if source in needed:
                self.new[source] = self._feed(fed)
        for number in sorted({s.number for s in needed if s.number >= 0 and s not in self.given}):
            self._place(number)
        found = [self._output(self._here(source)) for source in outputs]
        names = tuple(f"output_{k}" for k in range(len(found))) if len(found) > 1 else None
        return Structure(
            tuple(replace(g, axis=self._axis(g.axis)) for g in self.inputs),
            tuple(self.parts),
            tuple(map(self._axis, self.axes)),
            tuple(found),
            names,
        )

    def _needed(self, outputs: Sequence[Source]) -> set[Source]:
        found: set[Source] = set()
        left = list(outputs)
        while left:
            source = left.pop()
            if source in found:
                continue
            found.add(source)
            if source.number >= 0 and source not in self.given:
                left += reads(self.whole.parts[source.number], begins=source.number not in self.free)
        return found

    def _take_inputs(self, needed: set[Source]) -> None:
        """The network's own inputs that are read, and, of each time axis, one that has its steps."""
        fed = {self.given[s].axis for s in needed if s in self.given}
        axes = {self.whole.axes[s.number] for s in needed if s.number >= 0 and s not in self.given} | fed
        there = fed | {self.whole.inputs[~s.number].axis for s in needed if s.number < 0 and s not in self.given}
        wanted = (axes - there - {ONCE}) or (set() if there - {ONCE} else {0})
        for number, one in enumerate(self.whole.inputs):
            source = Source(~number)
            if source in self.given:
                continue
            if source in needed or one.axis in wanted:
                wanted -= {one.axis}
                self.new[source] = Source(~len(self.inputs))
                self.inputs.append(one)

    def _feed(self, fed: Fed) -> Source:
        known = [k for k, one in enumerate(self.inputs) if one.name == fed.name]
        if not known:
            self.inputs.append(Given(fed.name, fed.width, fed.axis))
        source = Source(~(known[0] if known else len(self.inputs) - 1))
        if fed.take is None:
            return source
        move = Part(f"{fed.name}.taken", None, None, MoveSpec("take", fed.take), (source,), features=fed.width)
        return self._add(move, ONCE)

    def _place(self, number: int) -> None:
        part = self.whole.parts[number]
        initial = () if number in self.free else tuple(None if s is None else self._here(s) for s in part.initial)
        tied = {name: whose for name in _parameters(part) if (whose := self._tied(part, number, name)) is not None}
        sources, memories = tuple(map(self._here, part.sources)), tuple(map(self._here, part.memories))
        here = replace(part, sources=sources, initial=initial, memories=memories, tied=tied)
        self.numbers[number] = self._add(here, self.whole.axes[number]).number

    def _tied(self, part: Part, number: int, name: str) -> tuple[int, str] | None:
        """Whose a parameter is here: the first one's, of all that are one in the whole network."""
        mine = len(self.parts), name
        owner = self.owners.setdefault(part.tied.get(name, (number, name)), mine)
        return None if owner == mine else owner

    def _here(self, source: Source) -> Source:
        if source in self.new:
            return self.new[source]
        return replace(source, number=self.numbers[source.number])

    def _output(self, source: Source) -> Source:
        """An output, which a layer makes and which is no other output."""
        taken = self.__dict__.setdefault("_taken", set())
        if source.number < 0 or source in taken:
            structure = Structure(tuple(self.inputs), tuple(self.parts), tuple(self.axes), ())
            wide, layer = structure.features(source), Activation("linear")
            copy = Part(f"output.{len(self.parts)}", layer, layer.graph(wide), None, (source,), features=wide)
            source = self._add(copy, structure.axis(source))
        taken.add(source)
        return source

    def _add(self, part: Part, axis: int) -> Source:
        self.parts.append(part)
        self.axes.append(axis)
        return Source(len(self.parts) - 1)

    def _axis(self, axis: int) -> int:
        """The number of a time axis here."""
        there = dict.fromkeys(one.axis for one in self.inputs if one.axis != ONCE)
        return ONCE if axis == ONCE else list(there).index(axis)


def reads(part: Part, *, begins: bool = True) -> list[Source]:
    """All that a layer reads; with `begins` what its states begin with, too."""
    initial = [s for s in part.initial if s is not None] if begins else []
    return [*part.sources, *part.memories, *initial]


def _parameters(part: Part) -> list[str]:
    return [] if part.graph is None else list(part.graph.parameters)


def owner(structure: Structure, name: str) -> str:
    """The name under which a network keeps a layer's parameter, which may be another layer's."""
    layer, _, parameter = name.rpartition(".")
    part = next(p for p in structure.parts if p.name == layer)
    number, theirs = part.tied.get(parameter, (-1, parameter))
    return f"{structure.parts[number].name}.{theirs}" if number >= 0 else name


def follow(found: Net, net: Net) -> None:
    """Give a piece the parameters that the network has now, whatever they are."""
    with found.params.writing() as arena:
        for name, place in found.params.places.items():
            place.view(arena)[...] = net.params[owner(net.structure, name)]


def with_layers_below(structure: Structure, numbers: Collection[int]) -> Structure:
    """The same with a dense layer between some of the inputs and all that reads them."""
    below: list[Part] = []
    new: dict[int, Source] = {}
    for number in numbers:
        given = structure.inputs[number]
        layer = Dense(given.width)
        graph = layer.graph(given.width)
        new[~number] = Source(len(below))
        below.append(Part(f"below {given.name}", layer, graph, None, (Source(~number),), features=given.width))

    def moved(source: Any) -> Any:
        if source is None or source.number < 0:
            return source if source is None else new.get(source.number, source)
        return replace(source, number=source.number + len(below))

    parts = [
        replace(
            part,
            sources=tuple(map(moved, part.sources)),
            initial=tuple(map(moved, part.initial)),
            memories=tuple(map(moved, part.memories)),
            tied={name: (number + len(below), theirs) for name, (number, theirs) in part.tied.items()},
        )
        for part in structure.parts
    ]
    axes = tuple(structure.inputs[number].axis for number in numbers)
    together = [*below, *parts]
    if structure.is_chain:
        together = [replace(part, name=str(number)) for number, part in enumerate(together)]
    return replace(
        structure,
        parts=tuple(together),
        axes=(*axes, *structure.axes),
        outputs=tuple(map(moved, structure.outputs)),
    )
