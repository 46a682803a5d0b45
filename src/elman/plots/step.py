"""One step of a cell as blocks and wires: a block for each named value of the equations, time from left to right.

Blocks stand in columns, each right of all that it is made of. A wire that passes a column on its way has a place of its
own there, so that it runs around the blocks and not through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from elman.equations.graph import Graph, depending, ordered
from elman.equations.ops import row_of
from elman.equations.render import all_names
from elman.equations.symbols import Symbol

_GLYPHS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "blend": "+", "square": "( )²", "sigmoid": "σ", "neg": "−"}
PASSING = 0.5  # the height of a wire's place among blocks of height 1


@dataclass(frozen=True)
class Block:
    """A named value of the equations.

    Attributes
    ----------
    name : str
        The user's name for it; that of a new state ends in a prime: ``h'``.
    op : str
        Its outermost operation, or ``linear``.
    sources : tuple of str
        What it is made of: inputs and states of the step, other blocks.
    weights : dict of str to tuple of str
        The matrices that multiply a source here.
    """

    name: str
    op: str
    sources: tuple[str, ...] = ()
    weights: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def glyph(self) -> str:
        """How the operation is written."""
        return _GLYPHS.get(self.op, self.op)


@dataclass(frozen=True)
class Wire:
    """What leads from a source to one that uses it: points, from left to right, the first that of the source."""

    source: str
    user: str
    points: tuple[str, ...]


@dataclass
class Step:
    """The blocks and wires of one step, and where everything stands.

    Attributes
    ----------
    inputs, states : list of str
        What comes from outside.
    blocks : dict of str to Block
        By name, operands first.
    outputs : list of str
        The source of each new state, before them of an output beside them (of the value, for a cell without states).
    wires : list of Wire
        Between a source and each of its users; those to ``"<state>.out"`` leave the step.
    places : dict of str to (float, float)
        Of blocks, of ``"<source>@<column>"`` where a wire passes, of ``"<state>"`` and ``"<state>.out"`` at borders.
    width, height : float
        The step reaches from (0, 0) to there; columns are 1 apart.
    """

    inputs: list[str]
    states: list[str]
    blocks: dict[str, Block]
    outputs: list[str]
    wires: list[Wire] = field(default_factory=list)
    name: str = ""  # of the output
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0

    @property
    def new_states(self) -> list[str]:
        """Their sources."""
        return self.outputs[len(self.outputs) - len(self.states) :]

    @property
    def has_output(self) -> bool:
        """Whether the output is none of the states."""
        return len(self.outputs) > len(self.states)


def step_of(graph: Graph) -> Step:
    """The blocks and wires of a graph, placed."""
    named = _named(graph)
    outside = {*graph.inputs, *graph.states}
    linear = _linear(graph)
    blocks = {
        name: _block(name, "linear" if node in linear else node.op, node, named)
        for node, name in named.items()
        if node not in outside
    }
    outputs, states = [named[o] for o in graph.outputs], [s.name for s in graph.states]
    name = graph.ends[0] if states else outputs[0]
    return placed(Step([i.name for i in graph.inputs], states, blocks, outputs, name=name))


def _named(graph: Graph) -> dict[Symbol, str]:
    """Inputs, states, and every value that has a name, operands first."""
    found = {s: s.name for s in (*graph.inputs, *graph.states)}
    value = "y" if "y" not in found.values() else graph.name
    ends = graph.ends if graph.states else [graph.names.get(graph.outputs[0], value)]
    states = {s.name for s in graph.states}
    new = {o: f"{name}'" if name in states else name for o, name in zip(graph.outputs, ends, strict=True)}
    names, varying = all_names(graph), depending(graph.nodes(), list(found))
    for node in graph.nodes():
        name = new.get(node, names.get(node, "") if node in varying else "")
        while name in found.values():
            name += "'"
        if name and node not in found:
            found[node] = name
    return found


def _block(name: str, op: str, node: Symbol, named: dict[Symbol, str]) -> Block:
    sources: dict[str, list[str]] = {}

    def walk(inner: Symbol) -> None:
        for place, operand in enumerate(inner.inputs):
            if operand in named:
                by = [_matrix(inner.inputs[0])] if row_of(inner).role and place == 1 else []
                sources.setdefault(named[operand], []).extend(by)
            else:
                walk(operand)

    walk(node)
    weights = {source: tuple(dict.fromkeys(by)) for source, by in sources.items() if by}
    return Block(name, op, tuple(sources), weights)


def _matrix(parameter: Symbol) -> str:
    """The name of a matrix, or of the parameters that it is made of."""
    return parameter.name or ", ".join(leaf.name for leaf in ordered([parameter]) if leaf.op == "parameter")


def _linear(graph: Graph) -> set[Symbol]:
    """The sums of products with matrices, and of parameters."""
    found: set[Symbol] = set()
    for node in graph.nodes():
        if all(i in found for i in node.inputs) if node.op == "add" else not node.inputs or row_of(node).role:
            found.add(node)
    return found


# --- placing --------------------------------------------------------------------------------------------------


def placed(step: Step) -> Step:
    """Find a place for everything."""
    column = _columns(step)
    last = max(column.values(), default=0)
    step.wires = _wires(step, column, last + 1)
    rows = _rows(step, column, last)
    _order(rows, step)
    heights = [sum(_height(step, name) for name in names) for names in rows]
    step.width, step.height = last + 1.0, max(heights[1:], default=1.0)
    for x in range(1, last + 1):
        y = (step.height - heights[x]) / 2
        for name in rows[x]:
            step.places[name] = (float(x), y + _height(step, name) / 2)
            y += _height(step, name)
    _place_borders(step)
    return step


def _columns(step: Step) -> dict[str, int]:
    """The column of each block, from 1 on."""
    column: dict[str, int] = {}
    for name, block in step.blocks.items():
        column[name] = 1 + max((column.get(s, 0) for s in block.sources), default=0)
    return column


def _wires(step: Step, column: dict[str, int], end: int) -> list[Wire]:
    users = [(s, name, column[name]) for name, block in step.blocks.items() for s in block.sources]
    users += [(source, f"{state}.out", end) for source, state in zip(step.new_states, step.states, strict=True)]
    found = []
    for source, user, there in users:
        passes = [f"{source}@{x}" for x in range(column.get(source, 0) + 1, there)]
        found.append(Wire(source, user, (source, *passes, user)))
    return found


def _rows(step: Step, column: dict[str, int], last: int) -> list[list[str]]:
    """What stands in each column, from the bottom up."""
    rows: list[list[str]] = [[*step.inputs, *step.states], *([] for _ in range(last + 1))]
    rows[-1] = [f"{s}.out" for s in step.states]
    for name, x in column.items():
        rows[x].append(name)
    for passing in dict.fromkeys(p for w in step.wires for p in w.points if "@" in p):
        rows[int(passing.rpartition("@")[2])].append(passing)
    return rows


def _order(rows: list[list[str]], step: Step) -> None:
    """Sort each column by the mean row of its neighbours, so that few wires cross; the borders stay as they are.

    Reference: K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system structures,
    IEEE Transactions on Systems, Man, and Cybernetics 11 (1981).
    """
    links = {pair for wire in step.wires for pair in pairwise(wire.points)}
    near: dict[str, list[str]] = {}
    for a, b in sorted(links):
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for _ in range(6):
        for names in (*rows[1:-1], *rows[-2:0:-1]):
            height = {name: y - (len(row) - 1) / 2 for row in rows for y, name in enumerate(row)}
            means = {n: sum(height[m] for m in near.get(n, [n])) / len(near.get(n, [n])) for n in names}
            names.sort(key=means.__getitem__)


def _height(step: Step, name: str) -> float:
    return 1.0 if name in step.blocks else PASSING


def _place_borders(step: Step) -> None:
    """States enter where they leave, so that wires between steps are straight; at least a block's half apart."""
    free = -1.0
    leaving = {w.user: w.points[-2] for w in step.wires if w.user.endswith(".out")}
    wanted = {s: step.places.get(leaving[f"{s}.out"], (0.0, step.height / 2))[1] for s in step.states}
    for state in sorted(step.states, key=wanted.__getitem__):
        free = max(wanted[state], free + PASSING)
        step.places[state], step.places[f"{state}.out"] = (0.0, free), (step.width, free)
