"""Unrolling: a network in two, what is computed once, and what runs step by step while one of its inputs is made.

A network that is fed its own output has the steps of that input one after the other. What depends on them, or has their
time axis, is the `step`; its states go from one step to the next. All else, such as an encoder, is computed `before`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from elman.engine.slots import ONCE
from elman.engine.stage import InputSpec, LayerSpec, Source, as_source
from elman.equations.symbols import width
from elman.errors import OptionError
from elman.network.structure import Structure


@dataclass(frozen=True, eq=False)
class Half:
    """Layers of a network as a network of their own.

    Attributes
    ----------
    layers : list of LayerSpec
    inputs, outputs : list of Source
        What its inputs and outputs are in the whole network.
    given : list of InputSpec
        Its inputs for the scheduler.
    wanted : list of Source
        Its outputs for the scheduler.
    axes : list of int
        Which time axes of the whole network its own are.
    """

    layers: list[LayerSpec]
    inputs: list[Source]
    given: list[InputSpec]
    outputs: list[Source]
    wanted: list[Source]
    axes: list[int]


@dataclass(frozen=True, eq=False)
class Halves:
    """A network in two.

    Attributes
    ----------
    fed : int
        The number of the input that is fed back.
    output : Source
        What comes of each step.
    before, step : Half
        What is computed once, and what is computed at each step.
    begins : list of Source or None
        What each state of `step` begins with, None for zeros.
    known : list of Source
        The other inputs of the network that have the steps of the one that is fed back.
    shifted : dict of Source to (Source, int)
        The inputs of `step` that are something else of the network, so many steps earlier.
    widths : dict of Source to int
        Of these.
    """

    fed: int
    output: Source
    before: Half
    step: Half
    begins: list[Source | None]
    known: list[Source]
    shifted: dict[Source, tuple[Source, int]]
    widths: dict[Source, int]


def halves(structure: Structure, layers: Sequence[LayerSpec], output: Source, fed: int) -> Halves:
    """A network in two, for an input that is fed back and the output that it is made from.

    Raises
    ------
    OptionError
        If the output does not depend on the input, or a layer needs steps that are not there yet.
    """
    return _Halving(structure, layers, output, fed).halves()


class _Halving:
    def __init__(self, structure: Structure, layers: Sequence[LayerSpec], output: Source, fed: int):
        self.structure: Structure = structure
        self.layers: Sequence[LayerSpec] = layers
        self.output: Source = output
        self.fed: int = fed
        self.name, self.along = structure.inputs[fed].name, structure.inputs[fed].axis
        self.axes: list[int] = []
        self.widths: list[int] = []
        for number, spec in enumerate(layers):
            self.axes.append(self._axis_of(spec, number))
            self.widths.append(self._width_of(spec, number))

    def halves(self) -> Halves:
        wanted = self._wanted()
        steps = self._stepwise(wanted)
        self._check_fed(steps)
        for number in sorted(steps):
            self._check(number, steps)
        shifted = {Source(n): self._earlier(n) for n in sorted(steps) if self._is_shift(n)}
        kept = [n for n in sorted(steps) if Source(n) not in shifted]
        begins = [source for n in kept for source in self._begins(n)]
        outside = [s for n in kept for s in self._streams(n) if s in shifted or s.number not in steps]
        delayed = [s for s, _ in shifted.values() if s.number >= 0 and s not in shifted]
        step = self._half(kept, [Source(~self.fed), *outside], [self.output, *delayed], free=True)
        made = [s for s in (*step.inputs, *begins) if s is not None and s.number >= 0 and s.number not in steps]
        before = sorted(wanted - steps)
        read = [s for n in before for s in self._reads(n) if s.number < 0]
        once = self._half(before, read, made, free=False)
        widths = {source: self._width(source) for source in shifted}
        return Halves(self.fed, self.output, once, step, begins, self._known(), shifted, widths)

    def _known(self) -> list[Source]:
        inputs = enumerate(self.structure.inputs)
        return [Source(~k) for k, one in inputs if one.axis == self.along and k != self.fed]

    # --- what reads what ------------------------------------------------------------------------------------

    def _streams(self, number: int) -> Iterator[Source]:
        """What a layer reads at its steps."""
        spec = self.layers[number]
        yield from spec.reads(number)
        yield from map(as_source, spec.memories)

    def _reads(self, number: int) -> Iterator[Source]:
        yield from self._streams(number)
        yield from (source for source in self._begins(number) if source is not None)

    def _begins(self, number: int) -> list[Source | None]:
        """What each state of a layer begins with."""
        spec = self.layers[number]
        return [None if s is None else as_source(s) for s in spec.initial] or [None] * len(spec.graph.states)

    def _wanted(self) -> set[int]:
        """The layers that the output needs."""
        found: set[int] = set()
        left = [self.output.number]
        while left:
            number = left.pop()
            if number >= 0 and number not in found:
                found.add(number)
                left += [source.number for source in self._reads(number)]
        return found

    def _stepwise(self, wanted: set[int]) -> set[int]:
        """Those that depend on the input that is fed back, or have its steps."""
        found: set[int] = set()
        for number in sorted(wanted):  # each behind those that it reads
            if self.axes[number] == self.along or any(self._is_stepwise(s, found) for s in self._reads(number)):
                found.add(number)
        return found

    def _is_stepwise(self, source: Source, steps: set[int]) -> bool:
        return source.number in steps if source.number >= 0 else self._axis(source) == self.along

    def _check_fed(self, steps: set[int]) -> None:
        reads_fed = any(source == Source(~self.fed) for number in steps for source in self._reads(number))
        if self.output.number not in steps or self._is_shift(self.output.number) or not reads_fed:
            raise OptionError(f"the output does not depend on {self.name}, so generate has nothing to feed back")

    # --- what cannot be done step by step -------------------------------------------------------------------

    def _check(self, number: int, steps: set[int]) -> None:
        """Raise `OptionError` at a layer that needs more than the steps up to its own."""
        spec, reason = self.layers[number], ""
        if spec.reverse or (spec.move is not None and spec.move.kind == "reverse"):
            reason = "begins at the last step"
        elif spec.move is not None and spec.move.kind == "shift" and spec.move.number < 0:
            reason = "needs later steps"
        elif spec.last:
            reason = "returns its last step only"
        elif any(self._is_stepwise(as_source(s), steps) for s in spec.memories):
            reason = "attends to all of them"
        elif spec.move is not None and spec.move.kind in ("take", "sum", "mean", "max"):
            reason = "gathers all of them"
        elif any(source.state >= 0 and source.number in steps for source in self._reads(number)):
            reason = "begins with, or reads, the state after all of them"
        if reason:
            raise OptionError(
                f"generate makes the steps of {self.name} one after the other, and {spec.name} {reason}: what is fed "
                "back can go through layers that run forward only"
            )

    # --- widths and axes ------------------------------------------------------------------------------------

    def _axis(self, source: Source) -> int:
        if source.state >= 0:
            return ONCE
        return self.structure.inputs[~source.number].axis if source.number < 0 else self.axes[source.number]

    def _axis_of(self, spec: LayerSpec, number: int) -> int:
        reads = spec.reads(number)
        if spec.last or not reads or (spec.move is not None and spec.move.kind in ("take", "sum", "mean", "max")):
            return ONCE
        return spec.move.axis if spec.move is not None and spec.move.kind == "repeat" else self._axis(reads[0])

    def _width(self, source: Source) -> int:
        if source.number < 0:
            return self.structure.inputs[~source.number].width
        spec = self.layers[source.number]
        return width(spec.graph.states[source.state]) if source.state >= 0 else self.widths[source.number]

    def _width_of(self, spec: LayerSpec, number: int) -> int:
        return self._width(spec.reads(number)[0]) if spec.move is not None else width(spec.graph.outputs[0])

    # --- values of earlier steps ----------------------------------------------------------------------------

    def _is_shift(self, number: int) -> bool:
        move = self.layers[number].move
        return move is not None and move.kind == "shift" and move.number > 0

    def _earlier(self, number: int) -> tuple[Source, int]:
        move, (source,) = self.layers[number].move, self.layers[number].reads(number)
        assert move is not None
        return source, move.number

    # --- halves ---------------------------------------------------------------------------------------------

    def _half(self, kept: list[int], reads: list[Source], outputs: list[Source], *, free: bool) -> Half:
        """Some layers; `free` where the caller gives what their states begin with."""
        inputs, outputs = list(dict.fromkeys(reads)), list(dict.fromkeys(outputs))
        inputs += self._for_axes(kept, inputs)
        axes = list(dict.fromkeys(axis for axis in map(self._axis, inputs) if axis != ONCE))
        places = {axis: number for number, axis in enumerate(axes)} | {ONCE: ONCE}
        own = {number: k for k, number in enumerate(kept)}

        def moved(source: Source) -> Source:
            return Source(~inputs.index(source)) if source in inputs else replace(source, number=own[source.number])

        layers = [self._moved(number, moved, places, free) for number in kept]
        given = [InputSpec(self._width(source), places[self._axis(source)]) for source in inputs]
        return Half(layers, inputs, given, outputs, [moved(source) for source in outputs], axes)

    def _moved(self, number: int, moved: Callable[[Source], Source], places: dict[int, int], free: bool) -> LayerSpec:
        spec = self.layers[number]
        move = spec.move if spec.move is None else replace(spec.move, axis=places.get(spec.move.axis, ONCE))
        initial = [] if free else self._begins(number)
        return replace(
            spec,
            sources=tuple(map(moved, spec.reads(number))),
            initial=tuple(None if source is None else moved(source) for source in initial),
            memories=tuple(moved(as_source(source)) for source in spec.memories),
            move=move,
        )

    def _for_axes(self, kept: list[int], inputs: list[Source]) -> list[Source]:
        """Inputs that say how many steps there are, of time axes that layers have and no input yet."""
        missing = dict.fromkeys(self.axes[number] for number in kept)
        for axis in (ONCE, *map(self._axis, inputs)):
            missing.pop(axis, None)
        numbers = [next(k for k, one in enumerate(self.structure.inputs) if one.axis == axis) for axis in missing]
        return [Source(~number) for number in numbers]
