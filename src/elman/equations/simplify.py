"""Simplify: rewrite a graph before it is differentiated, where another form has the cheaper derivative."""

from __future__ import annotations

from elman.equations.graph import Graph
from elman.equations.symbols import ONE, Symbol


def simplify(graph: Graph) -> Graph:
    """Write known forms as one op, in place; nodes that are used elsewhere too stay as they are.

    ``z*a + (1-z)*b`` is a `blend`: its gradient for z is ``g*(a-b)``, one product less. A centred value over its
    deviation is `normalise`, whose gradient is one pass. The values are the same up to rounding.
    """
    for node in graph.nodes():
        if (operands := _blend(node)) is not None:
            node.op, node.inputs = "blend", operands
        elif (operands := _normalise(node)) is not None:
            node.op, node.inputs = "normalise", operands
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


def _normalise(node: Symbol) -> tuple[Symbol, ...] | None:
    """The operands (x, inverse deviation of x) if a node is ``(x - mean(x)) / sqrt(mean(square(x - mean(x))) + e)``."""
    if node.op != "div" or node.inputs[1].op != "sqrt":
        return None
    x, sum_ = _centred(node.inputs[0]), node.inputs[1].inputs[0]
    if x is None or sum_.op != "add":
        return None
    for variance, epsilon in (sum_.inputs, sum_.inputs[::-1]):
        of_squares = variance.op == "mean" and variance.inputs[0].op == "square"
        if epsilon.op == "const" and of_squares and _centred(variance.inputs[0].inputs[0]) is x:
            return x, Symbol("inverse_deviation", (x,), ONE, first=epsilon.first)
    return None


def _centred(node: Symbol) -> Symbol | None:
    """x if a node is ``x - mean(x)``."""
    if node.op == "sub" and node.inputs[1].op == "mean" and node.inputs[1].inputs[0] is node.inputs[0]:
        return node.inputs[0]
    return None
