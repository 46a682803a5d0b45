"""What needs what: the values to save for the backward step, and the nodes of each part of a plan."""

from __future__ import annotations

import math
from collections.abc import Iterable

from elman.engine.cut import sink_side
from elman.engine.lower import Node
from elman.equations.differentiate import Backward
from elman.equations.graph import Graph, depending, ordered
from elman.equations.ops import row_of
from elman.equations.symbols import Symbol, width

STORE = 16.0  # of a value, and to load it in the backward step, in additions


def to_save(graph: Graph, backward: Backward) -> list[Symbol]:
    """The forward values to save: together with what is computed again from them, the cheapest for the backward step.

    Each value that the backward step needs is saved or computed again, and then so must be what it is computed from.
    The best choice is a cut of the graph between the values that are there in any case and those that are needed.
    What a gradient is summed from is saved in any case, and a layer's outputs lie in slots already.
    """
    forward = [s for s in graph.nodes() if s.inputs]
    sources = {s for c in backward.contributions for s in (c.delta, c.source) if s is not None} & set(forward)
    there = sources | set(graph.outputs)
    capacity: dict[tuple[object, object], float] = {}
    for s in forward:
        capacity["begin", (s, "begun")] = _again(s)
        capacity[(s, "begun"), (s, "there")] = 0 if s in there else STORE * width(s)
        capacity.update({((i, "there"), (s, "begun")): math.inf for i in s.inputs if i.inputs})
    capacity.update({((s, "there"), "end"): math.inf for s in used_by(backward, set(forward))})
    needed = sink_side(capacity, "begin", "end")
    return [s for s in forward if s in sources or ((s, "there") in needed and (s, "begun") not in needed)]


def _again(s: Symbol) -> float:
    """What it costs to compute a value again from its operands."""
    return row_of(s).cost * max(width(i) for i in (s, *s.inputs))


def used_by(backward: Backward, forward: set[Symbol]) -> set[Symbol]:
    """The forward values that the backward step's own nodes use."""
    own = [s for s in ordered(backward.outputs()) if s not in forward]
    return {i for s in own for i in s.inputs if i in forward} | {s for s in backward.outputs() if s in forward}


def needed_symbols(symbols: list[Symbol], outputs: Iterable[Symbol], memo: dict[Symbol, Node]) -> list[Symbol]:
    """Those of `symbols` that `outputs` need when what is in `memo` is already there."""
    needed: set[Symbol] = set()
    stack = list(outputs)
    while stack:
        s = stack.pop()
        if s in needed:
            continue
        needed.add(s)
        if s not in memo:
            stack.extend(s.inputs)
    return [s for s in symbols if s in needed]


def reachable(outputs: Iterable[Node]) -> list[Node]:
    """The nodes to compute for `outputs`, operands first; leaves are not among them.

    An output that others need comes when they do; what an output needs beside what others do follows that at once. So
    few values wait for long.
    """
    alone = {o: [n for n in ordered([o]) if n.inputs] for o in outputs}
    inner = {n for o, nodes in alone.items() for n in nodes if n is not o}
    alone = {o: nodes for o, nodes in alone.items() if o not in inner}
    order: list[Node] = []
    placed: set[Node] = set()
    for nodes in sorted(alone.values(), key=len):
        new = [n for n in nodes if n not in placed]
        needed = {i for n in new for i in n.inputs} & placed
        last = max((k for k, n in enumerate(order) if n in needed), default=len(order) - 1)
        order[last + 1 : last + 1] = new
        placed.update(new)
    return order


def ancestors(nodes: list[Node], of: Iterable[Node]) -> set[Node]:
    """`of` and everything they need."""
    found = set(of)
    for node in reversed(nodes):
        if node in found:
            found.update(i for i in node.inputs if i.inputs)
    return found


def downstream(nodes: list[Node], of: Iterable[Node]) -> set[Node]:
    return depending(nodes, of)
