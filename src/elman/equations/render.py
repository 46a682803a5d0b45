"""Render: a graph as LaTeX or plain text, an equation for each named value and each new state."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from elman.equations.graph import Graph, depending, ordered
from elman.equations.ops import ATOM, OPS, row_of
from elman.equations.simplify import normalised
from elman.equations.symbols import Symbol

SHORT = 20  # characters of plain text that may be written twice; a longer value gets a name
EPSILON = 1e-5  # of `normalise`, if nothing else is said
LONG = 300  # a value longer than this gets a name in any case


@dataclass(frozen=True)
class _Style:
    """How one notation writes leaves and products."""

    latex: bool

    def leaf(self, node: Symbol, stateful: bool) -> str:
        if node.op == "const":
            return self.number(node.first)
        if node.op == "state":
            return self.name(node.name, "t-1") if self.latex else node.name
        if node.op == "input":
            return self.name(node.name, "t" if stateful else "") if self.latex else node.name
        return self.name(node.name)

    def number(self, value: float) -> str:
        """As short as can be with every digit that counts."""
        text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
        if not self.latex:
            return text
        if math.isinf(value):
            return text.replace("inf", r"\infty")
        digits, _, power = text.partition("e")
        times = "" if digits in ("1", "-1") else rf"{digits} \cdot "
        return f"{times or digits[:-1]}10^{{{int(power)}}}" if power else text

    def name(self, name: str, time: str = "") -> str:
        """``W_z`` as ``W_{z}``; greek names as letters, ``h_hat`` with its hat; the time as a last index."""
        if not self.latex:
            return f"{name}_{time}" if time else name
        name = name.translate(_LITERAL)
        base, *indices = [part for part in name.split("_") if part != "hat"] or [name]
        base = f"\\{base}" if base in _GREEK else rf"\mathrm{{{base}}}" if len(base) > 1 else base
        if name.startswith("hat_") or "_hat" in name:
            base = rf"\hat{{{base}}}"
        inside = ",".join(_index(each) for each in (*indices, time) if each)
        return f"{base}_{{{inside}}}" if inside else base

    def apply(self, node: Symbol, parts: list[str]) -> str:
        row = OPS[node.op]
        numbers = {"first": self.number(node.first), "second": self.number(node.second)}
        if row.shape == "slice":  # an end that is that of the vector is not written
            numbers = {name: "" if number == "0" else number for name, number in numbers.items()}
        return (row.latex if self.latex else row.text).format(*parts, **numbers)


_LITERAL = str.maketrans(dict.fromkeys("\\{}$&#%^~", ""))  # a name is no command of LaTeX
_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega".split()
)


def _index(name: str) -> str:
    """A greek name as its letter, but two letters, which may be two indices, as those of the gate i for x are."""
    return f"\\{name}" if name in _GREEK and len(name) > 2 else name


def all_names(graph: Graph) -> dict[Symbol, str]:
    """The names in the user's code, and new ones for values that equations would else write at length more than once.

    So the equations are about as long as the graph has values, however often one is used.
    """
    taken = {s.name for s in [*graph.inputs, *graph.states, *graph.parameters.values()]} | set(graph.names.values())
    letter = next(c for c in (*"vuwqrs", "value") if not any(t.partition("_")[0] == c for t in taken))
    return _Writer(graph, _Style(latex=False), dict(graph.names), letter).names


class _Writer:
    """Writes a graph's equations, operands first; with a `letter` it gives names of it to what needs one."""

    def __init__(self, graph: Graph, style: _Style, names: dict[Symbol, str], letter: str = ""):
        self.graph: Graph = graph
        self.style: _Style = style
        self.names: dict[Symbol, str] = names
        self.letter: str = letter
        self.time = "t" if style.latex and graph.states else ""
        self.shown = _shorter(graph)
        order = _reached(graph, self.shown)
        self.uses = Counter(i for n in order for i in self._operands(n)) + Counter(graph.outputs)
        moving = depending(graph.nodes(), [*graph.inputs, *graph.states, *graph.memories])
        self.written = {n: style.name(name, self.time if n in moving else "") for n, name in names.items()}
        self.written |= {o: style.name(name, "t") for name, o in _ends(graph) if o.inputs}
        self.text: dict[Symbol, str] = {}  # of a value within an expression
        self.lines = [line for n in order for line in self._line(n)]
        self.lines += self._ends()

    def _operands(self, node: Symbol) -> tuple[Symbol, ...]:
        return self.shown[node].operands if node in self.shown else node.inputs

    def _line(self, node: Symbol) -> list[tuple[str, str]]:
        if not node.inputs:
            self.text[node] = self.style.leaf(node, bool(self.graph.states))
            return []
        expression = self._expression(node)
        if self.letter and node not in self.written and self._needs_name(node, expression):
            self.names[node] = f"{self.letter}_{len(self.names) - len(self.graph.names) + 1}"
            self.written[node] = self.names[node]
        self.text[node] = self.written.get(node, expression)
        return [(self.written[node], expression)] if node in self.written else []

    def _expression(self, node: Symbol) -> str:
        if node in self.shown:
            short = self.shown[node]
            return short.text(self.style, self.text[short.operands[0]])
        parts = [
            _wrap(node, k, i, self.text[i], _value_of(i) in self.written, self.style.latex)
            for k, i in enumerate(node.inputs)
        ]
        if self.style.latex and node.op == "mul" and node.inputs[0].op == "const" and node.inputs[1].op != "const":
            return rf"{parts[0]} \, {parts[1]}"
        return self.style.apply(node, parts)

    def _needs_name(self, node: Symbol, expression: str) -> bool:
        return len(expression) > (SHORT if self.uses[node] > 1 else LONG)

    def _ends(self) -> list[tuple[str, str]]:
        """What comes out and is what has another name, and the value of a cell without states."""
        ends = [(self.style.name(name, "t"), o) for name, o in _ends(self.graph)]
        lines = [(name, self.text[o]) for name, o in ends if self.text[o] != name]
        output = self.graph.outputs[0]
        return lines if self.graph.states or output in self.written else [("y", self.text[output])]


def _ends(graph: Graph) -> list[tuple[str, Symbol]]:
    """The output beside the states, by the user's name for it if it has one, and the new states."""
    ends = list(zip([s.name for s in graph.states], graph.new_states, strict=True))
    if not graph.has_output:
        return ends
    output = graph.outputs[0]
    own = "" if output in set(graph.new_states) else graph.names.get(output, "")
    return [(own or graph.ends[0], output), *ends]


def _render(graph: Graph, style: _Style) -> list[tuple[str, str]]:
    """(left side, right side) of every equation, in order."""
    return _Writer(graph, style, all_names(graph)).lines


def _wrap(parent: Symbol, position: int, child: Symbol, text: str, named: bool, latex: bool = False) -> str:
    """Brackets around an operand that binds less than its operation."""
    child = _value_of(child)
    if child.op == "const" and child.first < 0 and parent.op == "pow" and position == 0:
        return f"({text})"
    if parent.op == child.op == "concat" and not named:
        return text[1:-1]  # [a; b; c]
    if latex and parent.op == "div":
        return text  # a fraction
    behind = parent.op in ("slice", "pick") and position == 0  # (a + b)[2:5]
    if named or not child.inputs or (row_of(parent).binds == ATOM and not behind):
        return text
    needed = row_of(parent).binds
    if parent.op in ("sub", "div") and position == 1:
        needed += 1  # a - (b - c)
    if behind or parent.op in ("sigmoid_grad", "tanh_grad", "relu_grad", "square", "pow"):
        needed = ATOM
    return f"({text})" if row_of(child).binds < needed else text


def _value_of(node: Symbol) -> Symbol:
    """What a made matrix is, or what is multiplied by 1."""
    while (inner := _unchanged(node)) is not None:
        node = inner
    return node


def _unchanged(node: Symbol) -> Symbol | None:
    """What a node has the values of, where it is a matrix that is made or a product with 1."""
    if node.op == "matrix":
        return node.inputs[0]
    if node.op == "mul":
        one, other = node.inputs
        if one.op == "const" and one.first == 1:
            return other
        if other.op == "const" and other.first == 1:
            return one
    return None


@dataclass(frozen=True)
class _Short:
    """A shorter form of a value: its operand as it is, or normalised."""

    operands: tuple[Symbol]
    epsilon: float | None = None

    def text(self, style: _Style, operand: str) -> str:
        if self.epsilon is None:
            return operand
        more = "" if self.epsilon == EPSILON else f", {style.number(self.epsilon)}"
        return rf"\operatorname{{normalise}}({operand}{more})" if style.latex else f"normalise({operand}{more})"


def _shorter(graph: Graph) -> dict[Symbol, _Short]:
    """The values that are written in a shorter form: products with 1, and what `normalise` makes.

    Where a part of a normalisation has a name of the user's it is written out.
    """
    found = {n: _Short((same,)) for n in graph.nodes() if n.op == "mul" and (same := _unchanged(n)) is not None}
    for node in graph.nodes():
        if (pattern := normalised(node)) is not None:
            x, deviation = pattern
            inside = set(ordered([node], given={x})) - {node, x}
            if not inside.intersection(graph.names):
                found[node] = _Short((x,), deviation.first)
    return found


def _reached(graph: Graph, shown: dict[Symbol, _Short]) -> list[Symbol]:
    """The nodes that are written, operands first."""
    reached, stack = set[Symbol](), list(graph.outputs)
    while stack:
        if (node := stack.pop()) not in reached:
            reached.add(node)
            stack += shown[node].operands if node in shown else node.inputs
    return [node for node in graph.nodes() if node in reached]


def latex_name(name: str, time: str = "") -> str:
    """A name of the equations as LaTeX: ``W_z`` as ``W_{z}``, greek names as letters, the time as a last index."""
    return _Style(latex=True).name(name, time)


def plain_text(graph: Graph) -> list[str]:
    """The equations as lines of plain text."""
    return [f"{left} = {right}" for left, right in _render(graph, _Style(latex=False))]


def latex(graph: Graph) -> str:
    """The equations as a LaTeX ``aligned`` block."""
    lines = " \\\\\n".join(f"{left} &= {right}" for left, right in _render(graph, _Style(latex=True)))
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"
