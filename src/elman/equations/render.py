"""Render: a graph as LaTeX or plain text, an equation for each named value and each new state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from elman.equations.graph import Graph
from elman.equations.ops import APPLY, ATOM, OPS
from elman.equations.symbols import Symbol


@dataclass(frozen=True)
class _Style:
    """How one notation writes leaves and products."""

    latex: bool

    def leaf(self, node: Symbol, stateful: bool) -> str:
        if node.op == "const":
            return f"{node.first:g}"
        if node.op == "state":
            return self.name(node.name, "t-1") if self.latex else node.name
        if node.op == "input":
            return self.name(node.name, "t" if stateful else "") if self.latex else node.name
        return self.name(node.name)

    def name(self, name: str, time: str = "") -> str:
        """``W_z`` as ``W_{z}``; greek names as letters; the time as a last index."""
        base, _, index = name.partition("_")
        if not self.latex:
            return f"{name}_{time}" if time else name
        base = "\\" + base if base in _GREEK else (rf"\mathrm{{{base}}}" if len(base) > 1 else base)
        inside = ",".join(filter(None, (index.replace("_", r"\_"), time)))
        return f"{base}_{{{inside}}}" if inside else base

    def apply(self, node: Symbol, parts: list[str]) -> str:
        if node.op == "matmul":
            return f"{parts[0]} {parts[1]}"
        if node.op == "matmul_t":
            return f"{parts[0]}^\\top {parts[1]}" if self.latex else f"{parts[0]}ᵀ {parts[1]}"
        if node.op == "lookup":
            return f"{parts[0]}[{parts[1]}]"
        row = OPS[node.op]
        return (row.latex if self.latex else row.text).format(*parts)


_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega".split()
)
_BRACKETED = re.compile(r"\\frac|\\sqrt")


def _binding(node: Symbol) -> int:
    if not node.inputs:
        return ATOM
    return APPLY if node.op in ("matmul", "matmul_t") else ATOM if node.op == "lookup" else OPS[node.op].binds


def _render(graph: Graph, style: _Style) -> list[tuple[str, str]]:
    """(left side, right side) of every equation, in order."""
    stateful = bool(graph.states)
    order = graph.nodes()
    named = {n: style.name(graph.names[n], "t" if style.latex and stateful else "") for n in order if n in graph.names}
    for output, state in zip(graph.outputs, graph.states, strict=False):
        named[output] = style.name(state.name, "t") if output.inputs else ""

    def expression(node: Symbol, top: bool = False) -> str:
        if not top and named.get(node):
            return named[node]
        if not node.inputs:
            return style.leaf(node, stateful)
        return style.apply(node, [_wrap(node, k, i, expression(i), named) for k, i in enumerate(node.inputs)])

    lines = [(named[n], expression(n, top=True)) for n in order if named.get(n)]
    for output, state in zip(graph.outputs, graph.states, strict=False):
        if not output.inputs:
            lines.append((style.name(state.name, "t"), style.leaf(output, stateful)))
    if not graph.states and graph.outputs[0] not in graph.names:
        lines.append(("y", expression(graph.outputs[0], top=True)))
    return lines


def _wrap(parent: Symbol, position: int, child: Symbol, text: str, named: dict[Symbol, str]) -> str:
    """Brackets around an operand that binds less than its operation."""
    if named.get(child) or not child.inputs or _bracketing(parent):
        return text
    needed = _binding(parent)
    if parent.op in ("sub", "div") and position == 1:
        needed += 1  # a - (b - c)
    if parent.op in ("sigmoid_grad", "tanh_grad", "relu_grad", "square", "pow"):
        needed = ATOM
    return f"({text})" if _binding(child) < needed else text


def _bracketing(parent: Symbol) -> bool:
    """Whether the notation itself brackets its operands."""
    row = OPS.get(parent.op)
    return row is None and parent.op == "lookup" or row is not None and row.binds == ATOM


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
