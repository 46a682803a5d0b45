"""Stages in the making: a layer's equations, what flows between layers, what a backward step must know."""

from __future__ import annotations

from dataclasses import dataclass, field

from elman.engine.lower import Node, slot_leaf
from elman.engine.plan import Ref, State, Step
from elman.equations.differentiate import Backward
from elman.equations.graph import Graph
from elman.equations.symbols import Symbol

DROPOUTS_A_LAYER = 1024  # room for the numbers of one layer's dropouts


@dataclass(frozen=True, eq=False)
class LayerSpec:
    """A layer to schedule: its bound graph, where its parameters lie, whether it returns its last step only.

    `sources` are the numbers of the layers that its inputs come from, -1 for the network's own input; by default the
    layer before it.
    """

    name: str
    graph: Graph
    offsets: dict[str, int]
    last: bool = False
    reverse: bool = False
    sources: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class LossSpec:
    """A loss to schedule: equations of (y, target) with one value a row, and whether its root is taken at the end."""

    graph: Graph
    root: bool = False


@dataclass
class Link:
    """What flows between layers: where they find it, and where those that read it leave dL/d it.

    `begun` says whether one has done so: what the next one finds is added to that.
    """

    value: Ref
    width: int
    gradient: int = -1
    sequence: bool = True
    begun: bool = False


@dataclass(eq=False)
class Forward:
    """What the backward step needs to know of a layer's forward step."""

    spec: LayerSpec
    index: int
    links: list[Link]  # of the graph's inputs; a loss's target has one that is no layer's
    out: Link
    saved: dict[Symbol, Node] = field(default_factory=dict)
    backward: Backward | None = None
    states: tuple[State, ...] = ()
    before: tuple[Step, ...] = ()
    loop: tuple[Step, ...] = ()
    last: int = -1
    slots: set[int] = field(default_factory=set)  # its own, one row for each step


def leaf_of(node: Node, refs: dict[Node, Ref]) -> Node:
    """A forward value as the backward step sees it."""
    if node.op in ("const", "vector"):
        return node
    return slot_leaf(node.ref if node.ref is not None else refs[node], node.width)
