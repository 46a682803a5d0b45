"""Structure: the layers of a network and what each of them reads, whatever it was made of."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elman.engine.slots import ONCE
from elman.engine.stage import InputSpec, LayerSpec, Source
from elman.equations.graph import Graph
from elman.equations.memory import split
from elman.equations.symbols import width
from elman.network.flow import Part


@dataclass(frozen=True)
class Static:
    """The width of an input without time: (B, F), one vector for each row.

    Parameters
    ----------
    width : int
        How many values a row has.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> def shop(x, about):
    ...     return el.Dense(1)(el.GRU(8)(el.concat(x, el.repeat(about, x))))
    >>> net = el.Network(shop, inputs={"x": 2, "about": el.Static(3)})
    >>> net({"x": np.ones((4, 5, 2)), "about": np.ones((4, 3))}).shape
    (4, 5, 1)
    """

    width: int


@dataclass(frozen=True)
class Given:
    """An input of a network.

    Attributes
    ----------
    name : str
    width : int
        Features F.
    axis : int
        The number of its time axis; `ONCE` (-1) of a static one. Inputs that are put together step by step have one.
    """

    name: str
    width: int
    axis: int


@dataclass(frozen=True)
class Structure:
    """What a network computes.

    Attributes
    ----------
    inputs : tuple of Given
    parts : tuple of Part
        Each behind those that it reads.
    axes : tuple of int
        The time axis of what each part makes.
    outputs : tuple of Source
        What the network returns.
    names : tuple of str, or None
        Of the outputs, where the function returns several.
    by_name : bool
        Whether it returns a dict of them.
    """

    inputs: tuple[Given, ...]
    parts: tuple[Part, ...]
    axes: tuple[int, ...]
    outputs: tuple[Source, ...]
    names: tuple[str, ...] | None = None
    by_name: bool = False

    @functools.cached_property
    def is_chain(self) -> bool:
        """Whether it is a plain list of layers, of which each reads the one before it."""
        numbered = all(p.name == str(k) and p.sources == (Source(k - 1),) for k, p in enumerate(self.parts))
        plain = all(p.layer is not None and not (p.initial or p.memories or p.tied) for p in self.parts)
        return numbered and plain and self.outputs == (Source(len(self.parts) - 1),) and self.names is None

    def free_states(self) -> list[list[int]]:
        """The widths of the states of each layer that has any whose initial values are the caller's."""
        found = [_free(part) for part in self.parts if part.graph is not None]
        return [sizes for sizes in found if sizes]

    @functools.cached_property
    def time_axes(self) -> int:
        return 1 + max(given.axis for given in self.inputs)

    def axis(self, source: Source) -> int:
        if source.state >= 0:
            return ONCE
        return self.inputs[~source.number].axis if source.number < 0 else self.axes[source.number]

    def features(self, source: Source) -> int:
        if source.number < 0:
            return self.inputs[~source.number].width
        part = self.parts[source.number]
        if source.state >= 0:
            assert part.graph is not None
            return width(part.graph.states[source.state])
        return part.features

    def specs(
        self, offsets: Callable[[int, str], int], more: Sequence[Source] = ()
    ) -> tuple[list[LayerSpec], list[Source]]:
        """The layers for the scheduler, and the outputs and `more`; `offsets` says where a part's parameter lies."""
        specs: list[LayerSpec] = []
        numbers: list[int] = []  # of each part's own layer

        def moved(source: Source | None) -> Source | None:
            return source if source is None or source.number < 0 else replace(source, number=numbers[source.number])

        for number, part in enumerate(self.parts):
            specs += _specs_of(part, number, self.axes[number], len(specs), moved, offsets)
            numbers.append(len(specs) - 1)
        return specs, [moved(source) for source in (*self.outputs, *more)]  # type: ignore[misc]


def _free(part: Part) -> list[int]:
    assert part.graph is not None
    states = enumerate(part.graph.states)
    return [width(s) for k, s in states if not part.initial or part.initial[k] is None]


def _specs_of(
    part: Part,
    number: int,
    axis: int,
    first: int,
    moved: Callable[[Source | None], Source | None],
    offsets: Callable[[int, str], int],
) -> list[LayerSpec]:
    """The layers of a part: what it attends to, where equations make that, and itself."""
    sources: Any = tuple(map(moved, part.sources))
    if part.graph is None:
        assert part.move is not None
        nothing = Graph(part.name, [], [], [], {}, [])
        return [LayerSpec(part.name, nothing, {}, sources=sources, move=replace(part.move, axis=axis))]
    places = {name: offsets(number, name) for name in part.graph.parameters}
    memories: Any = tuple(map(moved, part.memories))
    made: list[LayerSpec] = []
    graph, attended = part.graph, memories
    if part.graph.memories:
        found = split(part.graph)
        graph, attended = found.rest, tuple(memories[~k] if k < 0 else Source(first + k) for k in found.sources)
        given = {memory: k for k, memory in enumerate(part.graph.memories)}
        for one in found.made:
            reads = tuple(memories[given[m]] for m in one.inputs)
            made.append(LayerSpec(f"{part.name}.memory", one, places, sources=reads))
    initial: Any = tuple(map(moved, part.initial))
    layer = part.layer
    mine = LayerSpec(part.name, graph, places, layer.last_only, layer.reverse, sources, initial, attended)
    return [*made, mine]


def input_specs(structure: Structure) -> list[InputSpec]:
    """The inputs for the scheduler."""
    return [InputSpec(given.width, given.axis) for given in structure.inputs]
