"""Simplify: rewrite a graph before it is differentiated, where another form has a derivative, or the cheaper one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from elman.equations.graph import Graph
from elman.equations.symbols import ONE, Parameter, Symbol, width
from elman.equations.widths import Dim


class Block(Parameter):
    """Some rows of a matrix, one of `count` equal parts: a matrix of its own to products and their gradients."""

    __slots__ = ()

    columns: Dim
    role: str

    def __init__(self, matrix: Parameter, number: int, count: int):
        rows = Dim(value=width(matrix) // count)
        super().__init__("")
        Symbol.__init__(self, "block", (matrix,), rows, name=matrix.name, first=number, second=count)
        self.columns, self.role = matrix.columns, "matrix"

    @property
    def start(self) -> int:
        assert self.columns.value is not None
        return int(self.first) * width(self) * self.columns.value


def simplify(graph: Graph) -> Graph:
    """A graph of the same values, with known forms as one op; what is used elsewhere too stays as it is.

    ``z*a + (1-z)*b`` is a `blend`: its gradient for z is ``g*(a-b)``, one product less. A centred value over its
    deviation is `normalise`, whose gradient is one pass. A product with a block-diagonal matrix is one with each of its
    blocks. A number times an outer product is that of the number times one of its vectors. Equal values are one, those
    of products with matrices too, so that nothing is computed twice, nor is its gradient. The values are the same up to
    rounding. The given graph stays as the user wrote it; leaves and sizes are those of both.
    """
    new: dict[Symbol, Symbol] = {}
    equal: dict[tuple[object, ...], Symbol] = {}
    nodes = graph.nodes()
    uses = Counter(i for node in nodes for i in node.inputs) + Counter(graph.outputs)
    for node in nodes:
        scaled = _scaled_outer(node, new, uses)
        made = _simplified(node, new) if scaled is None else scaled
        new[node] = equal.setdefault(_key(made), made)
    names = {new[n]: name for n, name in graph.names.items() if n in new}
    return replace(graph, outputs=[new[o] for o in graph.outputs], names=names)


def _simplified(node: Symbol, new: dict[Symbol, Symbol]) -> Symbol:
    """A node in its new form, of operands that have theirs."""
    if node.op == "block_matmul":
        return _of_blocks(node, new[node.inputs[1]])
    op, operands = _form(node)
    inputs = tuple(new[i] if i in new else _deviation(i, new) for i in operands)
    same = op == node.op and all(a is b for a, b in zip(inputs, node.inputs, strict=True))
    return node if same else _like(node, op, inputs)


def _key(node: Symbol) -> tuple[object, ...]:
    """What equal values have in common; a leaf is equal to itself."""
    if node.op == "const":
        return node.op, node.first
    if not node.inputs or isinstance(node, Parameter):
        return (id(node),)
    return node.op, node.first, node.second, node.dim.value, *map(id, node.inputs)


def _scaled_outer(node: Symbol, new: dict[Symbol, Symbol], uses: Counter[Symbol]) -> Symbol | None:
    """``s * outer(a, b)`` of a number s as ``outer(s * a, b)``: n multiplications for n m, and so in its gradient."""
    if node.op != "mul":
        return None
    for factor, product in (node.inputs, node.inputs[::-1]):
        if width(factor) == 1 and product.op == "outer" and uses[product] == 1:
            a, b = (new[i] for i in product.inputs)
            return Symbol("outer", (Symbol("mul", (new[factor], a), a.dim), b), node.dim)
    return None


def _like(node: Symbol, op: str, inputs: tuple[Symbol, ...]) -> Symbol:
    return Symbol(op, inputs, node.dim, first=node.first, second=node.second)


def _deviation(made: Symbol, new: dict[Symbol, Symbol]) -> Symbol:
    """The inverse deviation that `normalised` made, of the new node."""
    return _like(made, made.op, tuple(new[i] for i in made.inputs))


def _of_blocks(node: Symbol, x: Symbol) -> Symbol:
    """A product with a block-diagonal matrix: each block times its part of x, beside one another."""
    matrix, count = node.inputs[0], int(node.first)
    assert isinstance(matrix, Parameter)
    products: list[Symbol] = []
    for k in range(count):
        part = Symbol("part", (x,), Dim(value=width(x) // count), first=k, second=count)
        block = Block(matrix, k, count)
        products.append(Symbol("matmul", (block, part), block.dim))
    joined = products[0]
    for product in products[1:]:
        joined = Symbol("concat", (joined, product), Dim(value=width(joined) + width(product)))
    return joined


def _form(node: Symbol) -> tuple[str, tuple[Symbol, ...]]:
    """The op of a node and its operands, in the form with the cheapest derivative."""
    if (operands := _blend(node)) is not None:
        return "blend", operands
    if (operands := normalised(node)) is not None:
        return "normalise", operands
    return node.op, node.inputs


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


def normalised(node: Symbol) -> tuple[Symbol, ...] | None:
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
