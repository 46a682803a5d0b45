"""Lower: from the symbols of one step to the nodes that the scheduler places.

Broadcasts become explicit, equal values are computed once, sums of products become one `affine` node (products that
accumulate into one slot, with biases), ``a*b + c`` becomes one op. In an affine node of a
recurrent layer the products of the input alone are split off, so that they can be hoisted out of the time loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from elman.engine.slots import Ref
from elman.equations.op_values import span
from elman.equations.ops import OPS, row_of
from elman.equations.symbols import Parameter, Symbol, width

LEAVES = ("slot", "const", "vector")
WIDE = 256  # values of a row from which a number is not spread over them before it multiplies them


@dataclass(eq=False)
class Node:
    """A value to compute at each step; leaves are a slot's row, a constant, a parameter vector."""

    op: str
    inputs: tuple[Node, ...] = ()
    width: int = 1
    first: float = 0.0
    second: float = 0.0
    loop: bool = False  # depends on a state
    ref: Ref | None = None  # of a slot leaf
    parameter: Parameter | None = None  # of a vector leaf, a lookup's table
    products: tuple[tuple[Parameter, bool, Node], ...] = ()  # affine: (matrix, transposed, source)
    biases: tuple[Parameter, ...] = ()
    base: Node | None = None  # affine: what the products are added to
    memory: tuple[Remembered, ...] = ()  # attention: the keys and the values
    name: str = ""  # what the equations call it

    @property
    def is_elementwise(self) -> bool:
        return self.op not in ("affine", "lookup", "attend", "attend_back", *LEAVES)


@dataclass(frozen=True)
class Remembered:
    """A memory that steps attend to: where it lies, and where its gradient is added up."""

    value: Ref
    gradient: Ref = Ref(-1)


def slot_leaf(ref: Ref, width: int, *, loop: bool = False) -> Node:
    """A value that already lies in a slot."""
    return Node("slot", width=width, ref=ref, loop=loop)


class Lowering:
    """Lowers symbols in order; `memo` starts with the leaves (inputs, states, saved values) and fills up.

    Parameters
    ----------
    symbols : list of Symbol
        Operands first.
    outputs : iterable of Symbol
        What is used from outside.
    keep : set of Symbol
        Values that must exist by themselves, not dissolved into a larger op.
    memo : dict
        Nodes of the leaves.
    drops : bool
        Whether dropout drops.
    memories : dict of Symbol to Remembered
        What steps may attend to.
    inside : set of Symbol
        Sums whose other terms are computed first and the products added to them in place (gradients of states),
        instead of the products first and the rest in the next elementwise program.
    """

    def __init__(
        self,
        symbols: list[Symbol],
        outputs: Iterable[Symbol],
        *,
        keep: set[Symbol],
        memo: dict[Symbol, Node],
        drops: bool,
        memories: dict[Symbol, Remembered] | None = None,
        inside: set[Symbol] | None = None,
        dropout_base: int = 0,
    ):
        self.memo, self.keep, self.drops, self.memories = memo, keep, drops, memories or {}
        self.inside, self.dropout_base = inside or set(), dropout_base
        self.given = frozenset(memo)
        self.known: dict[tuple, Node] = {}
        self.uses = Counter(i for s in symbols if s not in memo for i in s.inputs) + Counter(outputs)
        for symbol in symbols:
            if symbol not in memo:
                memo[symbol] = self._lower(symbol)

    def _lower(self, s: Symbol) -> Node:
        if s.op == "const":
            return self.constant(s.first)
        if isinstance(s, Parameter):
            return Node("vector", width=width(s) if s.role == "vector" else 1, parameter=s)
        if row_of(s).shape == "lookup":
            table, index = s.inputs
            assert isinstance(table, Parameter)
            return Node("lookup", (self.placed(index),), width(s), parameter=table, loop=self.memo[index].loop)
        if row_of(s).shape in ("attend", "attend_back"):
            return self._attention(s)
        if _is_product(s):
            return self._affine(s, [s])
        if s.op == "add":
            terms = self._terms(s)
            if any(map(_is_product, terms)):
                return self._affine(s, terms)
            return self._sum(s)
        if s.op == "stop_gradient":
            return self.memo[s.inputs[0]]
        if row_of(s).shape == "dropout":
            if not self.drops:
                return self.memo[s.inputs[0]]
            return self.make(s.op, [self.memo[s.inputs[0]]], width(s), s.first, s.second + self.dropout_base)
        if row_of(s).shape in ("slice", "part"):
            return self._slice(s)
        if self._is_scaled(s):
            x, number = sorted((self.memo[i] for i in s.inputs), key=lambda n: -n.width)
            return self.make("scale", [x, number], width(s))
        if s.op == "sum" and self._is_dot(s.inputs[0]):
            return self.make("dot", [self.memo[i] for i in s.inputs[0].inputs], 1)
        return self.make(s.op, self._operands(s), width(s), s.first, s.second)

    def _operands(self, s: Symbol) -> list[Node]:
        """Those of an op, constants with a width where it asks for one."""
        nodes = [self.memo[i] for i in s.inputs]
        if row_of(s).shape not in ("concat", "pad", "outer", "matvec"):
            return nodes
        return [self.solid(n, width(i)) for n, i in zip(nodes, s.inputs, strict=True)]

    def _slice(self, s: Symbol) -> Node:
        """The values from a place to a place that are known now; all of them are the operand itself."""
        x = s.inputs[0]
        if width(x) == width(s):
            return self.memo[x]
        begin, end = span(s.op, s.first, s.second, width(x))
        return self.make("slice", [self.solid(self.memo[x], width(x))], width(s), begin, end)

    def _attention(self, s: Symbol) -> Node:
        """Of operands (query, keys, values), the way back after a gradient; then a vector, or none."""
        count = 1 if row_of(s).shape == "attend" else 2
        own, (keys, values, *vector) = s.inputs[:count], s.inputs[count:]
        node = self.fresh(row_of(s).shape, [self.placed(i) for i in own], width(s), s.first or width(keys) ** -0.5)
        node.memory = (self.memories[keys], self.memories[values])
        if vector:
            assert isinstance(vector[0], Parameter)
            node.parameter = vector[0]
        return node

    # --- building nodes -------------------------------------------------------------------------------------

    def constant(self, value: float) -> Node:
        return self.known.setdefault(("const", value), Node("const", width=0, first=value))

    def make(self, op: str, inputs: list[Node], out: int, first: float = 0.0, second: float = 0.0) -> Node:
        """An elementwise node: folded, widened, or one that is there already."""
        if op == "expand":
            return self._wide(inputs[0], out)
        if OPS[op].shape == "map":
            inputs = [self._wide(i, out) for i in inputs]
            if all(i.op == "const" for i in inputs):
                return self.constant(_fold(op, inputs, first, second))
            if op == "mul" and any(i.op == "const" and i.first == 1 for i in inputs):
                return inputs[0] if inputs[1].op == "const" else inputs[1]
            if op == "add" and any(i.op == "const" and i.first == 0 for i in inputs):
                return inputs[0] if inputs[1].op == "const" else inputs[1]
        else:
            wide = len(inputs) - 1 if OPS[op].shape == "rows" else 0  # how many are as wide as the result
            inputs = [
                self.solid(self._wide(i, out) if k < wide else i, out if k < wide else 1) for k, i in enumerate(inputs)
            ]
        key = (op, *map(id, inputs), out, first, second)
        if key not in self.known:
            self.known[key] = self.fresh(op, inputs, out, first, second)
        return self.known[key]

    @staticmethod
    def fresh(op: str, inputs: list[Node], out: int, first: float = 0.0, second: float = 0.0) -> Node:
        """A node of its own, shared with nobody."""
        return Node(op, tuple(inputs), out, first, second, loop=any(i.loop for i in inputs))

    def solid(self, node: Node, out: int) -> Node:
        """A constant as a value with a width, anything else as it is."""
        return self.fresh("copy", [node], out) if node.op == "const" else node

    def placed(self, s: Symbol) -> Node:
        """A value that lies in a slot or will: what no elementwise program reads."""
        node = self.memo[s]
        return self.fresh("copy", [node], width(s)) if node.op in ("const", "vector") else node

    def _wide(self, node: Node, out: int) -> Node:
        if node.width in (0, out):
            return node
        key = ("expand", id(node), out)
        return self.known.setdefault(key, self.fresh("expand", [node], out))

    # --- sums -----------------------------------------------------------------------------------------------

    def _dissolves(self, s: Symbol) -> bool:
        """Whether a term is computed for this sum alone; one that is there already is not computed again."""
        return self.uses[s] == 1 and s not in self.keep and s not in self.given

    def _terms(self, s: Symbol) -> list[Symbol]:
        """The terms of a sum, through sums that serve nothing else; products that serve others too stay whole."""
        terms: list[Symbol] = []
        stack = list(reversed(s.inputs))
        while stack:
            t = stack.pop()
            if t.op == "add" and self._dissolves(t):
                stack.extend(reversed(t.inputs))
            else:
                terms.append(t)
        return terms

    def _affine(self, s: Symbol, terms: list[Symbol]) -> Node:
        out = width(s)
        products: list[tuple[Parameter, bool, Node]] = []
        biases: list[Parameter] = []
        rest: list[Symbol] = []
        for t in terms:
            if _is_product(t) and (t is s or self._dissolves(t)):
                matrix, source = t.inputs
                assert isinstance(matrix, Parameter)
                products.append((matrix, t.op == "matmul_t", self.placed(source)))
            elif isinstance(t, Parameter) and width(t) == out and not biases:
                biases.append(t)
            else:
                rest.append(t)
        if not products:
            return self._sum(s)
        if s in self.inside and rest:
            others = [self.memo[t] for t in [*rest, *biases]]
            return self._product_sum(products, (), self._base(others, out), out)
        node = self._hoisted(products, biases, out)
        for t in rest:
            node = self._plus(node, t, out)
        return node

    def _fuses(self, s: Symbol) -> bool:
        """Whether a term is a product that is computed together with its addition."""
        return s.op in ("mul", "outer") and self._dissolves(s) and not self._is_scaled(s)

    def _is_scaled(self, s: Symbol) -> bool:
        """Whether it is a number times a long row."""
        widths = sorted(self.memo[i].width for i in s.inputs)
        return s.op == "mul" and width(s) >= WIDE and widths == [1, width(s)]

    def _is_dot(self, s: Symbol) -> bool:
        """Whether it is a product of rows, of which only the sum is wanted."""
        return s.op == "mul" and self._dissolves(s) and all(self.memo[i].width == width(s) for i in s.inputs)

    def _plus(self, node: Node, term: Symbol, out: int) -> Node:
        """``node + term``, in one op with a product that serves nothing else."""
        if self._fuses(term):
            op = {"mul": "fma", "outer": "outer_add"}[term.op]
            return self.make(op, [*self._operands(term), self.solid(node, out) if op == "outer_add" else node], out)
        return self.make("add", [node, self.memo[term]], out)

    def _base(self, rest: list[Node], out: int) -> Node:
        node = rest[0]
        for r in rest[1:]:
            node = self.make("add", [node, r], out)
        return self.fresh("copy", [node], out)

    def _hoisted(self, products: list[tuple[Parameter, bool, Node]], biases: list[Parameter], out: int) -> Node:
        """Products of the input first (hoisted), then those of the states, added to them in place."""
        before = [p for p in products if not p[2].loop]
        within = [p for p in products if p[2].loop]
        if not within or not before:
            return self._product_sum(products, biases, None, out)
        return self._product_sum(within, (), self._product_sum(before, biases, None, out), out)

    @staticmethod
    def _product_sum(products: Iterable, biases: Iterable[Parameter], base: Node | None, out: int) -> Node:
        products = tuple(products)
        inputs = ((base,) if base else ()) + tuple(p[2] for p in products)
        loop = any(i.loop for i in inputs)
        return Node("affine", inputs, out, loop=loop, products=products, biases=tuple(biases), base=base)

    def _sum(self, s: Symbol) -> Node:
        """A sum, the products that serve nothing else last, each in one op with its addition."""
        first, *rest = sorted(self._terms(s), key=self._fuses)
        node, out = self.memo[first], width(s)
        for term in rest:
            node = self._plus(node, term, out)
        return node


def _is_product(s: Symbol) -> bool:
    return row_of(s).shape == "product"


def _fold(op: str, inputs: list[Node], first: float, second: float) -> float:
    return float(OPS[op].of([np.float64(i.first) for i in inputs], first, second))
