"""What needs what: the values to save for the backward step, and the nodes of each part of a plan."""

from __future__ import annotations

from collections.abc import Iterable

from elman.engine.lower import Node
from elman.equations.differentiate import Backward
from elman.equations.graph import Graph, depending, ordered
from elman.equations.ops import OPS
from elman.equations.symbols import Symbol


def to_save(graph: Graph, backward: Backward) -> set[Symbol]:
    """The forward values to save: what the backward step needs and what is not cheaper to compute again."""
    forward = set(graph.nodes())
    leaves = {s for s in forward if not s.inputs}
    states = set(graph.outputs) if graph.states else set()
    sources = {s for c in backward.contributions for s in (c.delta, c.source) if s is not None}
    saved = (sources & forward) | (states & forward)
    direct = used_by(backward, forward)
    saved |= {s for s in direct if s not in leaves and not (s.op in OPS and OPS[s.op].cheap)}
    again: set[Symbol] = set()
    for s in graph.nodes():
        cheap = s.op in OPS and OPS[s.op].cheap
        if s in leaves or s in saved or (cheap and all(i in again for i in s.inputs)):
            again.add(s)
    saved |= {s for s in direct if s not in again}
    return saved - leaves


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
    """The nodes to compute for `outputs`, operands first; leaves are not among them."""
    return [n for n in ordered(outputs) if n.inputs]


def ancestors(nodes: list[Node], of: Iterable[Node]) -> set[Node]:
    """`of` and everything they need."""
    found = set(of)
    for node in reversed(nodes):
        if node in found:
            found.update(i for i in node.inputs if i.inputs)
    return found


def downstream(nodes: list[Node], of: Iterable[Node]) -> set[Node]:
    return depending(nodes, of)
