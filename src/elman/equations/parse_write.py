"""Write: a graph as a text that the grammar of `parse` reads, and that is Python too."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from elman.equations.graph import Graph, ordered
from elman.equations.ops import OPS, row_of
from elman.equations.parse_expressions import LONGEST_WORDS
from elman.equations.parse_functions import FUNCTIONS
from elman.equations.parse_reader import KEYWORDS
from elman.equations.ranges import Range
from elman.equations.render import EPSILON, all_names
from elman.equations.shapes import written_ends
from elman.equations.simplify import normalised
from elman.equations.symbols import Parameter, Symbol
from elman.equations.widths import ONE
from elman.errors import EquationError

COMPARE, ADD, MUL, NEG, POWER, ATOM = 1, 2, 3, 4, 5, 9  # how tightly Python's signs bind
_SIGNS = {
    "lt": ("<", COMPARE),
    "le": ("<=", COMPARE),
    "eq": ("==", COMPARE),
    "add": ("+", ADD),
    "sub": ("-", ADD),
    "mul": ("*", MUL),
    "div": ("/", MUL),
    "matmul": ("@", MUL),
    "matmul_t": ("@", MUL),
    "block_matmul": ("@", MUL),
    "pow": ("**", POWER),
}
_NUMBERS = {"leaky_relu": 0.01, "elu": 1.0, "spike": 25.0}  # a number behind the operand, and what it is by itself
LONGEST_CONSTANT = 4096  # numbers


def graph_text(graph: Graph, name: str, decorator: str = "") -> str:
    """The text of a cell with these equations.

    Parameters
    ----------
    graph : Graph
        Of one step.
    name : str
        Of the cell.
    decorator : str
        The line before it, without its end.

    Raises
    ------
    EquationError
        If the text cannot say something of it.
    """
    return "\n".join([*([decorator] if decorator else []), *_Writer(graph, name).lines()]) + "\n"


class _Writer:
    """Writes equations, operands first: each value that has a name, or is long and used more than once."""

    def __init__(self, graph: Graph, name: str):
        self.graph: Graph = graph
        self.name: str = name
        self.short = _normalised(graph)
        self.order = [n for n in ordered(graph.outputs, operands=self._operands) if n.inputs]
        self.uses = Counter(i for n in self.order for i in self._operands(n)) + Counter(graph.outputs)
        self.ranges: dict[Symbol, list[Range]] = {}
        for symbol, said in graph.ranges:
            self.ranges.setdefault(symbol, []).append(said)
        self.names: dict[Symbol, str] = {}
        self._give_names()
        self.text: dict[Symbol, tuple[str, int]] = {}

    def lines(self) -> list[str]:
        """All of them."""
        given = [s.name for s in (*self.graph.inputs, *self.graph.memories, *self.graph.states)]
        lines = [f"def {self.name}({', '.join(('p', *given))}):"]
        lines += [f"    {p.name} = constant({_constant(p)})" for p in self._constants()]
        lines += [f"    {s.name} = {self._ranged(s, s.name)}" for s in self.graph.inputs if s in self.ranges]
        for node in self.order:
            expression = self._expression(node)
            if node in self.ranges:
                expression = self._ranged(node, expression[0]), ATOM
            if node in self.names:
                lines.append(f"    {self.names[node]} = {expression[0]}")
                expression = self.names[node], ATOM
            self.text[node] = expression
        return [*lines, f"    return {', '.join(self._of(o)[0] for o in self.graph.outputs)}"]

    # --- names ------------------------------------------------------------------------------------------------

    def _give_names(self) -> None:
        """The user's names, but a new state that is used once needs none; others where `all_names` gives some."""
        graph, new = self.graph, set(self.graph.new_states)
        leaves = [*graph.inputs, *graph.memories, *graph.states, *self._constants()]
        taken = {s.name for s in leaves} | set(FUNCTIONS) | KEYWORDS | {"p", "el", "cells"}
        last_use = {i: k for k, n in enumerate(self.order) for i in self._operands(n)}
        states = {s.name: last_use.get(s, -1) for s in graph.states}
        found = all_names(graph)
        for place, node in enumerate(self.order):
            wanted = found.get(node, "") or ("part" if node in self.ranges and self.uses[node] > 1 else "")
            if not wanted or (node in new and self.uses[node] == 1):
                continue
            again = node in new and wanted in states and states[wanted] <= place
            free = wanted if again or wanted not in taken else f"{wanted}_new" if node in new else f"{wanted}_"
            while free in taken and not again:
                free += "_"
            self.names[node] = free
            taken.add(free)

    def _constants(self) -> list[Parameter]:
        return [p for p in self.graph.parameters.values() if p.fixed]

    def _operands(self, node: Symbol) -> tuple[Symbol, ...]:
        return (self.short[node][0],) if node in self.short else node.inputs

    def _ranged(self, node: Symbol, text: str) -> str:
        """An input, or a part of one, with what is said of its values."""
        for said in self.ranges[node]:
            bounds = [_number(said.low)[0]] * (said.low != 0 or said.high != math.inf)
            bounds += [_number(said.high)[0]] * (said.high != math.inf)
            text = f"within({', '.join([text, _quoted(said.what), *bounds])})"
        return text

    # --- expressions ------------------------------------------------------------------------------------------

    def _of(self, node: Symbol) -> tuple[str, int]:
        """An operand, and how tightly it binds."""
        if node.op == "const":
            return _number(node.first)
        if isinstance(node, Parameter) and node.op == "parameter":
            if node.fixed:
                return node.name, ATOM
            return (f"scalar(p.{node.name})" if node.dim is ONE else f"p.{node.name}"), ATOM
        return self.text[node] if node.inputs else (node.name, ATOM)

    def _within(self, node: Symbol, needed: int) -> str:
        text, binds = self._of(node)
        return text if binds >= needed else f"({text})"

    def _call(self, function: str, *operands: Symbol, more: str = "") -> tuple[str, int]:
        return f"{function}({', '.join(self._of(o)[0] for o in operands)}{more})", ATOM

    def _expression(self, node: Symbol) -> tuple[str, int]:
        if node in self.short:
            x, epsilon = self.short[node]
            return self._call("normalise", x, more="" if epsilon == EPSILON else f", {_number(epsilon)[0]}")
        if node.op in _SIGNS:
            return self._signed(node)
        special = getattr(self, f"op_{node.op}", None)
        if special is not None:
            return special(node, *node.inputs)  # type: ignore[no-any-return]
        if node.op in FUNCTIONS and len(node.inputs) == OPS[node.op].arity and not OPS[node.op].numbers:
            return self._call(node.op, *node.inputs)
        if node.op in _NUMBERS:
            more = "" if node.first == _NUMBERS[node.op] else f", {_number(node.first)[0]}"
            return self._call(node.op, *node.inputs, more=more)
        raise EquationError(f"{self.name} has a value of the op {node.op}, which a text cannot say")

    def _signed(self, node: Symbol) -> tuple[str, int]:
        sign, binds = _SIGNS[node.op]
        left, right = node.inputs
        below = binds + (binds in (COMPARE, POWER))
        written = self._matrix(node, left) if row_of(node).role else self._within(left, below)
        return f"{written} {sign} {self._within(right, binds + (binds != POWER))}", binds

    def _matrix(self, node: Symbol, left: Symbol) -> str:
        if node.op == "block_matmul":
            return f"blocks({self._of(left)[0]}, {int(node.first)})"
        return self._within(left, ATOM) + ".T" * (node.op == "matmul_t")

    def op_neg(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"-{self._within(x, NEG)}", NEG

    def op_square(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"{self._within(x, ATOM)} ** 2", POWER

    def op_reciprocal(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"{self._within(x, ATOM)} ** -1", POWER

    def op_copy(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return self._call("concat", x)

    def op_concat(self, node: Symbol, a: Symbol, b: Symbol) -> tuple[str, int]:
        parts = [b]
        while a.op == "concat" and a not in self.names:
            a, last = a.inputs
            parts.insert(0, last)
        return self._call("concat", a, *parts)

    def op_slice(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"{self._within(x, ATOM)}[{written_ends(node.first, node.second)}]", ATOM

    def op_part(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"split({self._of(x)[0]}, {int(node.second)})[{int(node.first)}]", ATOM

    def op_lookup(self, node: Symbol, table: Symbol, index: Symbol) -> tuple[str, int]:
        return f"{self._within(table, ATOM)}[{self._of(index)[0]}]", ATOM

    def op_matrix(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return self._of(x)

    def op_transpose(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"{self._within(x, ATOM)}.T", ATOM

    def op_column(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"{self._within(x, ATOM)}[:, None]", ATOM

    def op_row(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return f"{self._within(x, ATOM)}[None, :]", ATOM

    def op_clip(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return self._call("clip", x, more=f", {_number(node.first)[0]}, {_number(node.second)[0]}")

    def op_dropout(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return self._call("dropout", x, more=f", {_number(node.first)[0]}")

    def op_dropout_once(self, node: Symbol, x: Symbol) -> tuple[str, int]:
        return self._call("dropout", x, more=f", {_number(node.first)[0]}, once=True")

    def op_attend(self, node: Symbol, query: Symbol, keys: Symbol, values: Symbol) -> tuple[str, int]:
        more = f", scale={_number(node.first)[0]}" if node.first else ""
        return self._call("attend", query, keys, values, more=more)

    def op_attend_additive(self, node: Symbol, *operands: Symbol) -> tuple[str, int]:
        return self._call("attend", *operands[:3], more=f", vector={self._of(operands[3])[0]}")


def _normalised(graph: Graph) -> dict[Symbol, tuple[Symbol, float]]:
    """The values that `normalise` makes of others, where none of its parts has a name."""
    found = {}
    for node in graph.nodes():
        if (pattern := normalised(node)) is not None:
            x, deviation = pattern
            if not (set(ordered([node], given={x})) - {node, x}).intersection(graph.names):
                found[node] = x, deviation.first
    return found


def _number(value: float) -> tuple[str, int]:
    """As short as can be with every digit that counts."""
    if math.isinf(value):
        return ("1e999", ATOM) if value > 0 else ("-1e999", NEG)
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e6 else repr(float(value))
    return text, NEG if text.startswith("-") else ATOM


def _quoted(text: str) -> str:
    """Between quotation marks of which it has none, as the grammar knows no signs that stand for others."""
    mark = next((m for m in ('"', "'") if m not in text), "")
    if not mark or "\n" in text or "\\" in text or len(text) > LONGEST_WORDS - 2:
        raise EquationError(f"{text!r}, which is said of an input, cannot be written in a text")
    return f"{mark}{text}{mark}"


def _constant(parameter: Parameter) -> str:
    value = parameter.value
    if value is None or value.size > LONGEST_CONSTANT:
        why = "whose values its model holds" if value is None else f"of {value.size:,} numbers"
        raise EquationError(f"the constant {parameter.name} {why} cannot be written in a text")
    return _listed(value)


def _listed(value: np.ndarray) -> str:
    if value.ndim:
        return f"[{', '.join(_listed(one) for one in value)}]"
    return _number(float(value))[0]
