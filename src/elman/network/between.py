"""Equations between layers, as those of a cell."""

from __future__ import annotations

from elman.equations.declared import name_constants
from elman.equations.graph import Graph, ordered
from elman.equations.ops import row_of
from elman.equations.symbols import Parameter, Symbol
from elman.equations.widths import ONE


def equations_between(value: Symbol, leaves: list[Symbol], names: list[str]) -> Graph:
    """What is written between layers of some values, which have names, as the graph of a cell."""
    inputs: dict[Symbol, Symbol] = {}
    for leaf, called in zip(leaves, names, strict=True):
        name = called.replace(".", "_") or "x"
        taken = {i.name for i in inputs.values()}
        inputs[leaf] = Symbol("input", name=name if name not in taken else f"{name}_{len(inputs)}")
    new: dict[Symbol, Symbol] = dict(inputs)
    nodes = ordered([value], inputs)
    taken = {i.name for i in inputs.values()}
    constants = name_constants([n for n in nodes if is_constant(n)], {}, taken, nodes)
    new |= {constant: constant for constant in constants.values()}
    for node in nodes:
        if node not in new:
            operands = tuple(_fitting(new[i], i, node) for i in node.inputs)
            new[node] = Symbol(node.op, operands, name=node.name, first=node.first, second=node.second)
    return Graph("equations", list(inputs.values()), [], [new[value]], constants, [])


def is_constant(node: Symbol) -> bool:
    """Whether it is a fixed array, see `elman.constant`."""
    return isinstance(node, Parameter) and bool(node.fixed)


def _fitting(operand: Symbol, flow: Symbol, node: Symbol) -> Symbol:
    """An operand whose one feature goes with the many of others is the sum of it, a number a row also in a cell."""
    many = row_of(node).shape == "map" and node.dim is not ONE
    return Symbol("sum", (operand,)) if many and flow.dim is ONE and flow.op != "const" else operand
