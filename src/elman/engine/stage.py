"""Stages in the making: a layer's equations, what flows between layers, what a backward step must know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from elman.engine.lower import Node, Remembered, slot_leaf
from elman.engine.plan import Move, State, Step
from elman.engine.slots import ONCE, Ref
from elman.equations.differentiate import Backward
from elman.equations.graph import Graph
from elman.equations.symbols import Symbol, width
from elman.errors import EngineError

DROPOUTS_A_LAYER = 1024  # room for the numbers of one layer's dropouts


@dataclass(frozen=True)
class InputSpec:
    """An input of the network: how wide it is, and its time axis."""

    width: int
    axis: int = 0


@dataclass(frozen=True)
class Source:
    """What a layer reads: the output of layer `number`, or with `state` the final value of that one of its states.

    Inputs of the network have the numbers -1, -2 ...
    """

    number: int
    state: int = -1


@dataclass(frozen=True)
class MoveSpec:
    """A layer that takes values to other steps, or to another `axis`; see `elman.engine.plan.Move`."""

    kind: Literal["reverse", "shift", "take", "repeat", "sum", "mean", "max"]
    number: int = 0
    axis: int = 0


@dataclass(frozen=True)
class NormSpec:
    """Values brought to mean 0 and variance 1 over all rows of a batch; see `elman.engine.plan.Meeting`.

    `mean` and `variance` name the parameters that keep running moments, if any do.
    """

    epsilon: float
    momentum: float = 0.0
    mean: str = ""
    variance: str = ""


@dataclass(frozen=True, eq=False)
class LayerSpec:
    """A layer to schedule: its bound graph, where its parameters lie, whether it returns its last step only.

    `sources` are what its inputs are (a number stands for the output of that layer), by default the layer before it;
    `initial` is what its states begin with, None for what the caller gives, by default so for all of them; `memories`
    are what it attends to. With `move` it has no equations. With `norm` these are of normalised inputs.
    """

    name: str
    graph: Graph
    offsets: dict[str, int]
    last: bool = False
    reverse: bool = False
    sources: tuple[Source | int, ...] | None = None
    initial: tuple[Source | int | None, ...] = ()
    memories: tuple[Source | int, ...] = ()
    move: MoveSpec | None = None
    norm: NormSpec | None = None

    def reads(self, number: int) -> tuple[Source, ...]:
        """The sources of its inputs, as layer `number`."""
        return tuple(map(as_source, (number - 1,) if self.sources is None else self.sources))


def without_equations(name: str, **what: Any) -> LayerSpec:
    """The spec of a stage that is a move or a normalisation."""
    return LayerSpec(name, Graph(name, [], [], [], {}, []), {}, **what)


def as_source(source: Source | int) -> Source:
    """A source, of a number the output of that layer."""
    return source if isinstance(source, Source) else Source(source)


@dataclass(frozen=True, eq=False)
class LossSpec:
    """A loss to schedule: equations of (y, target) with one value a row, and whether its root is taken at the end.

    `share` is what it counts in the sum of several losses.
    """

    graph: Graph
    root: bool = False
    share: float = 1.0


@dataclass
class Link:
    """What flows between layers: where they find it, and where those that read it leave dL/d it.

    `begun` says whether one has done so: what the next one finds is added to that. `learns` says whether what it is
    computed from has a gradient that is wanted: else nobody goes back through it.
    """

    value: Ref
    width: int
    gradient: int = -1
    axis: int = 0
    begun: bool = False
    learns: bool = False


@dataclass(eq=False)
class Forward:
    """What the backward step needs to know of a layer's forward step."""

    spec: LayerSpec
    index: int
    links: list[Link]  # of the graph's inputs; a loss's target has one that is no layer's
    out: Link
    initial: list[Link | None] = field(default_factory=list)  # of each state
    memories: list[Link] = field(default_factory=list)  # of the graph's
    finals: dict[int, Link] = field(default_factory=dict)  # of states whose final value is read
    saved: dict[Symbol, Node] = field(default_factory=dict)
    backward: Backward | None = None
    states: tuple[State, ...] = ()
    before: tuple[Step, ...] = ()
    loop: tuple[Step, ...] = ()
    slots: set[int] = field(default_factory=set)  # its own, one row for each step
    inner: int = 0  # how many states, the first ones, are the output beside those of the cell

    @property
    def read(self) -> list[Link]:
        """All that it is computed from."""
        return [*self.links, *self.memories, *(link for link in self.initial if link)]


def remembered(graph: Graph, links: list[Link]) -> dict[Symbol, Remembered]:
    """What the memories of a graph are."""
    pairs = zip(graph.memories, links, strict=True)
    return {symbol: Remembered(link.value, Ref(link.gradient)) for symbol, link in pairs}


def leaves_of(forward: Forward, states: list[int]) -> dict[Symbol, Node]:
    """What a step begins with: the slots of its states, its inputs, and memories, which nothing reads as values."""
    graph = forward.spec.graph
    memo = {s: slot_leaf(Ref(slot), width(s), loop=True) for s, slot in zip(graph.states, states, strict=True)}
    for symbol, link in zip(graph.inputs, forward.links, strict=True):
        memo[symbol] = slot_leaf(link.value, width(symbol))
    return memo | {symbol: slot_leaf(Ref(-1), width(symbol)) for symbol in graph.memories}


def leaf_of(node: Node, refs: dict[Node, Ref]) -> Node:
    """A forward value as the backward step sees it."""
    if node.op in ("const", "vector"):
        return node
    return slot_leaf(node.ref if node.ref is not None else refs[node], node.width)


# --- moves ----------------------------------------------------------------------------------------------------

REVERSAL = MoveSpec("reverse")


def axis_after(move: MoveSpec, link: Link) -> int:
    """The time axis of what a move leads to."""
    if (move.kind == "repeat") != (link.axis == ONCE):
        raise EngineError(f"{move.kind} of what has {'one step' if link.axis == ONCE else 'steps'}: it takes the other")
    if move.kind in ("reverse", "shift"):
        return link.axis
    return move.axis if move.kind == "repeat" else ONCE


def moved_back(move: MoveSpec, value: Ref) -> Move:
    """The move of gradients; its places are left open."""
    kinds = {"take": "put", "repeat": "sum", "sum": "repeat", "mean": "share", "max": "max_back"}
    number = -move.number if move.kind == "shift" else move.number
    of = value if move.kind == "max" else Ref(-1)
    return Move(kinds.get(move.kind, move.kind), Ref(-1), Ref(-1), number, of=of)  # type: ignore[arg-type]
