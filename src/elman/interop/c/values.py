"""Values: what a step computes, from the symbols of a cell's graph to what becomes statements of C.

What parameters alone make is computed here, once. Equal values are one. Sums of products with matrices become one
`affine` value, a product with vectors beside one another one with each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from elman.equations.evaluate import evaluate
from elman.equations.graph import Graph, depending
from elman.equations.op_values import span
from elman.equations.ops import OPS
from elman.equations.symbols import Symbol, width
from elman.errors import ConversionError

SAME = ("copy", "stop_gradient", "dropout", "dropout_once")  # ops whose value is their operand's, outside of training
PRODUCTS = ("matmul", "matmul_t", "block_matmul")
LEAVES = ("input", "state", "memory", "array", "number")


@dataclass(frozen=True, eq=False)
class Term:
    """A product in a sum: a matrix (out, in), or as many `blocks` of one below one another, and what it multiplies."""

    matrix: np.ndarray
    of: Value
    label: str
    blocks: int = 1


@dataclass(eq=False)
class Value:
    """One vector of a step.

    Attributes
    ----------
    op : str
        Of the op table; `input`, `state`, `memory`; `array` and `number` of what is known; `view` of some values of
        another, from `first` on; `affine` of a sum of products.
    inputs : tuple of Value
    width : int
    first, second : float
        The op's numbers.
    name : str
        The user's; empty where there is none.
    array : ndarray, optional
        What is known: of an `array`, a `number`, the table of a `lookup`, the bias of an `affine`.
    terms : tuple of Term
        Of an `affine`.
    """

    op: str
    inputs: tuple[Value, ...] = ()
    width: int = 1
    first: float = 0.0
    second: float = 0.0
    name: str = ""
    array: np.ndarray | None = None
    terms: tuple[Term, ...] = ()


@dataclass(eq=False)
class Step:
    """A step in values: its leaves, and what it returns in the order of the graph's outputs."""

    graph: Graph
    inputs: list[Value]
    states: list[Value]
    memories: list[Value]
    outputs: list[Value]

    @property
    def new_states(self) -> list[Value]:
        return self.outputs[len(self.outputs) - len(self.states) :]


def lowered(graph: Graph, parameters: Mapping[str, np.ndarray], dtype: np.dtype, where: str) -> Step:
    """A bound graph in values.

    Parameters
    ----------
    graph : Graph
    parameters : mapping of str to ndarray
        By their names in the equations.
    dtype : dtype
        Of all numbers.
    where : str
        The layer, for messages.

    Raises
    ------
    ConversionError
        If an op has no form in C, or what parameters make is not finite.
    """
    return _Lowering(graph, parameters, dtype, where).step()


class _Lowering:
    def __init__(self, graph: Graph, parameters: Mapping[str, np.ndarray], dtype: np.dtype, where: str):
        self.graph, self.dtype, self.where = graph, dtype, where
        nodes = graph.nodes()
        leaves = [*graph.inputs, *graph.states, *graph.memories]
        moving = depending(nodes, leaves)
        self.nodes = [node for node in nodes if node in moving]
        self.uses = Counter(i for node in self.nodes for i in node.inputs) + Counter(graph.outputs)
        self.known = self._constants(parameters, moving)
        self.memo: dict[Symbol, Value] = {}
        self.equal: dict[tuple[object, ...], Value] = {}
        kinds = ("input", graph.inputs), ("state", graph.states), ("memory", graph.memories)
        for kind, symbols in kinds:
            for symbol in symbols:
                self.memo[symbol] = Value(kind, width=width(symbol), name=symbol.name)

    def step(self) -> Step:
        for node in self.nodes:
            if node not in self.memo and not self._is_inside(node):
                value = self.memo[node] = self._lower(node)
                name = self.graph.names.get(node, "")
                value.name = value.name or name
        leaves = (self.graph.inputs, self.graph.states, self.graph.memories)
        inputs, states, memories = ([self.memo[s] for s in symbols] for symbols in leaves)
        return Step(self.graph, inputs, states, memories, [self._value(o) for o in self.graph.outputs])

    # --- what is known ------------------------------------------------------------------------------------------

    def _constants(self, parameters: Mapping[str, np.ndarray], moving: set[Symbol]) -> dict[Symbol, np.ndarray]:
        """Of what parameters alone make, that which the rest of the step reads."""
        read = [i for node in self.nodes for i in node.inputs if i not in moving]
        wanted = list(dict.fromkeys([*read, *(o for o in self.graph.outputs if o not in moving)]))
        fixed = replace(self.graph, inputs=[], states=[], memories=[], outputs=wanted)
        found = evaluate(fixed, parameters, [], [])
        for node in wanted:
            if np.isnan(found[node]).any() or (np.isinf(found[node]).any() and np.ndim(found[node])):
                raise ConversionError(
                    f"{self.where}: {node!r}, which parameters make, is not finite: look at net.params before the "
                    "network goes out"
                )
        return {node: found[node].astype(self.dtype) for node in wanted}

    def _value(self, symbol: Symbol) -> Value:
        if symbol not in self.memo:
            array, name = self.known[symbol], self.graph.names.get(symbol, symbol.name)
            if array.size == 1 and width(symbol) == 1:
                self.memo[symbol] = Value("number", array=array.reshape(1), name=name)
            else:
                flat = np.broadcast_to(array.reshape(-1) if array.size > 1 else array, (width(symbol),))
                self.memo[symbol] = Value("array", width=width(symbol), array=flat, name=name)
        return self.memo[symbol]

    # --- nodes --------------------------------------------------------------------------------------------------

    def _lower(self, node: Symbol) -> Value:
        if node.op in SAME:
            return self._value(node.inputs[0])
        if node.op in PRODUCTS:
            return self._affine(node, [node])
        if node.op == "add" and any(map(self._is_product, terms := self._terms(node))):
            return self._affine(node, terms)
        if node.op in ("slice", "part"):
            return self._slice(node)
        if node.op == "lookup":
            table = self.known[node.inputs[0]]
            made = self._make("lookup", (self._value(node.inputs[1]),), width(node), label=node.inputs[0].name)
            made.array, made.name = table, made.name or node.inputs[0].name
            return made
        operands = tuple(self._value(i) for i in node.inputs)
        if node.op == "expand" and operands[0].width == width(node):
            return operands[0]
        if node.op == "concat":
            operands = tuple(p for o in operands for p in (o.inputs if o.op == "concat" and not o.name else (o,)))
        if node.op not in OPS or node.op not in WRITTEN:
            raise ConversionError(f"{self.where} uses {node.op}, which has no form in C: write it with other functions")
        return self._make(node.op, operands, width(node), node.first, node.second)

    def _make(
        self, op: str, inputs: tuple[Value, ...], wide: int, first: float = 0.0, second: float = 0.0, label: str = ""
    ) -> Value:
        key = (op, wide, first, second, label, *map(id, inputs))
        return self.equal.setdefault(key, Value(op, inputs, wide, first, second))

    def _slice(self, node: Symbol) -> Value:
        x = self._value(node.inputs[0])
        begin, end = span(node.op, node.first, node.second, x.width)
        return x if end - begin == x.width else self._view(x, begin, end - begin)

    def _view(self, x: Value, begin: int, wide: int) -> Value:
        if x.op == "view":
            x, begin = x.inputs[0], begin + int(x.first)
        return self._make("view", (x,), wide, begin)

    # --- sums of products ---------------------------------------------------------------------------------------

    def _is_product(self, node: Symbol) -> bool:
        return node.op in PRODUCTS and node in self.uses and node not in self.known

    def _is_inside(self, node: Symbol) -> bool:
        """Whether a node is a term of a sum, and nothing else, so that the sum computes it."""
        return self.uses[node] == 1 and node in self._dissolved

    @property
    def _dissolved(self) -> set[Symbol]:
        if not hasattr(self, "_inner"):
            self._inner: set[Symbol] = set()
            for node in reversed(self.nodes):
                if node.op == "add" and node not in self._inner and any(map(self._is_product, self._terms(node))):
                    self._inner |= self._inner_of(node)
        return self._inner

    def _goes_in(self, node: Symbol, wide: int) -> bool:
        return node.op == "add" and self.uses[node] == 1 and width(node) == wide and node not in self.known

    def _terms(self, node: Symbol) -> list[Symbol]:
        """The terms of a sum, through sums that serve nothing else."""
        terms: list[Symbol] = []
        stack = list(reversed(node.inputs))
        while stack:
            term = stack.pop()
            if self._goes_in(term, width(node)):
                stack.extend(reversed(term.inputs))
            else:
                terms.append(term)
        return terms

    def _inner_of(self, node: Symbol) -> set[Symbol]:
        """The sums and products that are computed with a sum."""
        found: set[Symbol] = set()
        stack = list(node.inputs)
        while stack:
            term = stack.pop()
            if self._goes_in(term, width(node)):
                found.add(term)
                stack.extend(term.inputs)
            elif self._is_product(term) and self.uses[term] == 1:
                found.add(term)
        return found

    def _affine(self, node: Symbol, symbols: list[Symbol]) -> Value:
        wide = width(node)
        terms: list[Term] = []
        bias = np.zeros(wide, self.dtype)
        rest: list[Value] = []
        for symbol in symbols:
            if self._is_product(symbol) and (symbol is node or self.uses[symbol] == 1):
                found, known = self._products(symbol)
                terms += found
                bias = bias + known
            elif symbol in self.known:
                bias = bias + self.known[symbol].reshape(-1)
            else:
                rest.append(self._value(symbol))
        if not terms:
            value = Value("array", width=wide, array=bias)
        else:
            value = Value("affine", tuple(t.of for t in terms), wide, array=bias.astype(self.dtype), terms=tuple(terms))
        for other in rest:
            value = self._make("add", (value, other), wide)
        return value

    def _products(self, node: Symbol) -> tuple[list[Term], np.ndarray]:
        """The products of a node, one for each of the vectors that its operand consists of; what is known of them."""
        matrix, label = self.known[node.inputs[0]], self.graph.names.get(node.inputs[0], node.inputs[0].name)
        x = self._value(node.inputs[1])
        if node.op == "block_matmul":
            return [Term(matrix, x, label or "blocks", int(node.first))], np.zeros(width(node), self.dtype)
        matrix = matrix.T if node.op == "matmul_t" else matrix
        terms, known, begin = [], np.zeros(len(matrix), self.dtype), 0
        for piece in x.inputs if x.op == "concat" else (x,):
            part, begin = matrix[:, begin : begin + piece.width], begin + piece.width
            if piece.array is not None and piece.op in ("array", "number"):
                known = known + part @ np.broadcast_to(piece.array, (piece.width,))
            else:
                terms.append(Term(part, piece, label or "W"))
        return terms, known


WRITTEN = frozenset(  # the ops that C has a form of, beside those above
    """add sub mul div neg pow abs sign floor square sqrt reciprocal exp log log1p sin cos erf lgamma digamma sigmoid
    tanh relu leaky_relu elu softplus silu gelu clip maximum minimum lt le eq where spike sum mean max pick concat outer
    matvec vecmat attend attend_additive expand""".split()
)
