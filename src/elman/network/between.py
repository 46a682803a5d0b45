"""Equations between layers, as those of a cell."""

from __future__ import annotations

from elman.equations.graph import Graph, ordered
from elman.equations.symbols import Symbol


def equations_between(value: Symbol, leaves: list[Symbol]) -> Graph:
    """What is written between layers, as the graph of a cell."""
    inputs: dict[Symbol, Symbol] = {}
    for leaf in leaves:
        name = leaf.name.replace(".", "_") or "x"
        taken = {i.name for i in inputs.values()}
        inputs[leaf] = Symbol("input", name=name if name not in taken else f"{name}_{len(inputs)}")
    new: dict[Symbol, Symbol] = dict(inputs)
    for node in ordered([value]):
        if node not in new:
            operands = tuple(new[i] for i in node.inputs)
            new[node] = Symbol(node.op, operands, name=node.name, first=node.first, second=node.second)
    return Graph("equations", list(inputs.values()), [], [new[value]], {}, [])
