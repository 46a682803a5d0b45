"""Simplify: rewrite a graph before it is differentiated, where another form has the cheaper derivative."""

from __future__ import annotations

from elman.equations.graph import Graph
from elman.equations.symbols import Symbol


def simplify(graph: Graph) -> Graph:
    """Write ``z*a + (1-z)*b`` as one `blend`, in place: its gradient for z is ``g*(a-b)``, one product less.

    The values are the same up to rounding; nodes that are used elsewhere too stay as they are.
    """
    for node in graph.nodes():
        operands = _blend(node)
        if operands is not None:
            node.op, node.inputs = "blend", operands
    return graph


def _blend(node: Symbol) -> tuple[Symbol, ...] | None:
    """The operands (z, a, b) if a node is ``z*a + (1-z)*b``, in any order."""
    if node.op != "add" or any(i.op != "mul" for i in node.inputs):
        return None
    for one, other in (node.inputs, node.inputs[::-1]):
        for rest, b in (other.inputs, other.inputs[::-1]):
            if _is_one_minus(rest):
                for z, a in (one.inputs, one.inputs[::-1]):
                    if z is rest.inputs[1]:
                        return z, a, b
    return None


def _is_one_minus(node: Symbol) -> bool:
    return node.op == "sub" and node.inputs[0].op == "const" and node.inputs[0].first == 1
