"""Flow: how a network's function becomes its layers.

It runs once on flows, as a cell's does on symbols. A `Flow` stands for one vector at each step of a
time axis, or for one vector a row where there is no time. Layers, moves and attention make new ones. What is written
between them, sums, products, functions, is equations like a cell's: it becomes a layer without states where a layer
needs it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from elman.engine.stage import MoveSpec, Source
from elman.equations.graph import Graph, ordered
from elman.equations.ops import row_of
from elman.equations.store import stored
from elman.equations.symbols import Symbol, build, width
from elman.equations.trace import Cell
from elman.equations.widths import Line, users_line
from elman.errors import EquationError, OptionError, ShapeError
from elman.network.between import equations_between, is_constant
from elman.network.flows import Axis, Flow


@dataclass(eq=False)
class Part:
    """A layer of a network, or a move between steps.

    Attributes
    ----------
    name : str
        What its parameters and values are called by.
    layer : Layer or None
        None of a move.
    graph : Graph or None
        The layer's equations, with their sizes.
    move : MoveSpec or None
        None of a layer; its `axis` is not known yet.
    sources, initial, memories : tuple of Source
        What it reads, what its states begin with (None for what the caller gives), and what it attends to.
    tied : dict of str to (int, str)
        Parameters that are another part's: its number, and their name there.
    axis : Axis or None
        Of what it makes.
    features : int
        Of what it makes.
    spare : bool
        Whether it is left out where nobody reads it.
    line : Line
        Of the user's code that made it.
    """

    name: str
    layer: Any
    graph: Graph | None
    move: MoveSpec | None
    sources: tuple[Source, ...]
    initial: tuple[Source | None, ...] = ()
    memories: tuple[Source, ...] = ()
    tied: dict[str, tuple[int, str]] = field(default_factory=dict)
    axis: Axis | None = None
    features: int = 0
    spare: bool = False
    line: Line = field(default_factory=Line)


def unused(wanted: str, taken: Container[str]) -> str:
    """A name, with a number where it is taken."""
    names = (wanted if k == 1 else f"{wanted}_{k}" for k in itertools.count(1))
    return next(name for name in names if name not in taken)


class _Running(threading.local):
    """The networks that are traced in this thread, one inside the other."""

    def __init__(self) -> None:
        self.tracings: list[Tracing] = []


_running = _Running()


def running() -> Tracing:
    """The trace of the network whose function runs now."""
    if not _running.tracings:
        raise EquationError(
            "a layer is called inside the function of a network only, as in el.Network(function, inputs={'x': 3}); "
            f"it has no values by itself.\n  {users_line()}"
        )
    return _running.tracings[-1]


class Tracing:
    """Collects the parts of one network; `layer_of` makes a layer of equations."""

    def __init__(self, layer_of: Callable[[Cell], Any]) -> None:
        self._layer_of = layer_of
        self.parts: list[Part] = []
        self._owners: dict[int, int] = {}  # of each layer object, the first part that it is
        self._kept: list[Any] = []  # so that no other object gets the id of one
        self._own_from = 0  # a layer object that no part from here on is, is another layer
        self._equations: dict[Symbol, Flow] = {}
        self.prefix = ""  # of the names of parts to come
        self._names: set[str] = set()  # of parts
        self._taken: set[str] = set()  # these, and those of composites
        self.stems: list[str] = []  # what each part would be called if no other were called so

    @contextmanager
    def active(self) -> Iterator[None]:
        _running.tracings.append(self)
        try:
            yield
        finally:
            _running.tracings.pop()

    @contextmanager
    def named(self, prefix: str) -> Iterator[None]:
        """What is made inside has this name, or begins with it."""
        before, self.prefix = self.prefix, ".".join(filter(None, (self.prefix, prefix)))
        try:
            yield
        finally:
            self.prefix = before

    def in_its_own_place(self) -> None:
        """A layer object that was used before is from here on a layer with parameters of its own."""
        self._own_from = len(self.parts)

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """What a layer reads is none of its own parts, and has a name by itself."""
        before, self.prefix = self.prefix, ""
        try:
            yield
        finally:
            self.prefix = before

    # --- what makes parts -----------------------------------------------------------------------------------

    def call(self, layer: Any, inputs: Sequence[Any], memories: Sequence[Any], state: Any) -> Flow:
        """A layer of what it reads."""
        with self._outside():
            flows, axis = self._together([self.flow(x) for x in inputs])
            attended = [self.flow(m) for m in memories]
        for m in attended:
            if m.axis is None:
                raise ShapeError(f"{layer.cell.name} attends to {m!r}, which has no time steps.\n  {users_line()}")
        if layer.cell.states and axis is None:
            raise OptionError(
                f"{layer.cell.name} has states, but {flows[0]!r} has a single step, as behind a layer that returns its "
                f"last one (give that return_sequences=True), a pool or a static input: el.repeat(value, sequence) "
                f"is at every step.\n  {users_line()}"
            )
        graph = layer.graph([f.features for f in flows], [m.features for m in attended])
        self._join_memories(graph, attended)
        with self._outside():
            initial = self._initial(layer, graph, state)
        part = Part(
            self._name(layer.cell.name),
            layer,
            graph,
            None,
            tuple(f.where for f in flows),
            tuple(None if s is None else s.where for s in initial),
            tuple(m.where for m in attended),
            axis=None if layer.last_only else axis,
            features=width(graph.outputs[0]),
        )
        part.tied = self._tied(layer, graph, part.name)
        return self._made(part)

    def _join_memories(self, graph: Graph, attended: list[Flow]) -> None:
        """Keys and values that are read together, step by step, are on one axis."""
        given = dict(zip(graph.memories, attended, strict=True))
        for node in graph.nodes():
            if row_of(node).shape == "attend":
                flows = [given[leaf] for leaf in ordered(node.inputs[1:3]) if leaf in given]
                self._on_one_axis(flows)

    def move(self, kind: Any, x: Any, number: int = 0, axis: Axis | None = None) -> Flow:
        with self._outside():
            flow = self.flow(x)
        into = axis if kind == "repeat" else flow.axis if kind in ("reverse", "shift") else None
        if kind == "repeat" and flow.axis is not None:
            raise ShapeError(
                f"repeat: {flow!r} has time steps, and repeat is for one vector a row: take its .final or "
                f"el.pool(...).\n  {users_line()}"
            )
        if kind != "repeat" and flow.axis is None:
            raise ShapeError(f"{flow!r} has no time steps: {kind} needs a sequence.\n  {users_line()}")
        part = Part(
            self._name(kind), None, None, MoveSpec(kind, number), (flow.where,), axis=into, features=flow.features
        )
        return self._made(part)

    def flow(self, value: Any) -> Flow:
        """A value as a layer reads it: equations between layers become a layer of their own."""
        if isinstance(value, Flow):
            if value.tracing is not self:
                raise EquationError(f"{value!r} belongs to another network, or an earlier trace.\n  {users_line()}")
            return value
        if not isinstance(value, Symbol):
            called = hasattr(value, "graph") * "; call that first: el.Dense(3)(el.GRU(4)(x))"
            raise EquationError(
                f"a layer reads inputs of the network and what came of them, got {type(value).__name__}{called}.\n"
                f"  {users_line()}"
            )
        if value not in self._equations:
            self._equations[value] = self._placed(value)
        return self._equations[value]

    def copied(self, flow: Flow) -> Flow:
        """The same values, made by a part of their own."""
        return self._placed(build("copy", flow))

    def known(self, value: Any) -> Flow | None:
        """The flow of a value that has a part; None of anything else."""
        if isinstance(value, Flow) and value.tracing is self:
            return value
        return self._equations.get(value) if isinstance(value, Symbol) else None

    def _made(self, part: Part) -> Flow:
        number = len(self.parts)
        part.line = users_line()
        self.parts.append(part)
        self._names.add(part.name)
        self._taken |= {part.name, part.name.split(".")[0]}
        flow = Flow(self, Source(number), part.features, part.axis, part.name)
        if part.graph is not None:
            states = enumerate(_users_states(part.layer, part.graph))
            made = tuple(Flow(self, Source(number, k), width(s), None, f"{part.name}_{s.name}") for k, s in states)
            flow.states = lambda: made
        return flow

    # --- equations between layers ---------------------------------------------------------------------------

    def _placed(self, value: Symbol) -> Flow:
        known = {node: flow for node, flow in self._equations.items() if node is not value}
        nodes = [node for node in ordered([value], known) if not is_constant(node)]
        leaves = [node for node in nodes if node in known or not node.inputs and node.op != "const"]
        strange = [leaf for leaf in leaves if leaf not in known and not isinstance(leaf, Flow)]
        if strange or not leaves:
            what = repr(strange[0]) if strange else "numbers alone"
            raise EquationError(
                f"the equations of a network use {what}, which none of its layers made.\n  {value.line}"
            )
        flows, axis = self._together([self.flow(leaf) for leaf in leaves])
        layer = self._layer_of(stored(equations_between(value, leaves, [flow.name for flow in flows])))
        try:
            graph = layer.graph([flow.features for flow in flows])
        except ShapeError as error:
            raise ShapeError(f"{str(error).splitlines()[0]}\n  {value.line}") from None
        sources = tuple(flow.where for flow in flows)
        return self._made(
            Part(self._name(value.op), layer, graph, None, sources, axis=axis, features=width(graph.outputs[0]))
        )

    def _together(self, flows: list[Flow]) -> tuple[list[Flow], Axis | None]:
        """Values that are read step by step: on one axis, those without time repeated along it."""
        axis = self._on_one_axis(flows)
        if axis is None:
            return flows, None
        return [f if f.axis is not None else self.move("repeat", f, axis=axis) for f in flows], axis

    @staticmethod
    def _on_one_axis(flows: Sequence[Flow]) -> Axis | None:
        axes = [flow.axis for flow in flows if flow.axis is not None]
        for other in axes[1:]:
            axes[0].join(other)
        return axes[0] if axes else None

    def _initial(self, layer: Any, graph: Graph, state: Any) -> list[Flow | None]:
        if state is None:
            return []
        if not graph.states:
            raise OptionError(f"{layer.cell.name} has no states: leave state out.\n  {users_line()}")
        given, states = list(state) if isinstance(state, tuple | list) else [state], _users_states(layer, graph)
        if len(given) != len(states):
            names = ", ".join(s.name for s in states)
            raise ShapeError(
                f"state has {len(given)} values, {layer.cell.name} has {len(states)} ({names}); of several "
                f"final states take those that are meant, as in state=h.final[0].\n  {users_line()}"
            )
        begun = [None if s is None else self._begins(s, wanted) for s, wanted in zip(given, states, strict=True)]
        return begun + [None] * (len(graph.states) - len(states))

    def _begins(self, state: Any, wanted: Symbol) -> Flow:
        flow = self.flow(state)
        if flow.axis is not None:
            raise ShapeError(
                f"a state begins with one vector a row, and {flow!r} has time steps: take its .final or el.pool(...).\n"
                f"  {users_line()}"
            )
        if flow.features != width(wanted):
            raise ShapeError(
                f"{wanted.name} has {width(wanted)} values and cannot begin with {flow!r}, which has {flow.features}; "
                f"el.Dense({width(wanted)}) between them fits it.\n  {users_line()}"
            )
        return flow

    # --- names and shared parameters ------------------------------------------------------------------------

    def place_name(self, plain: str) -> str:
        """The name of a composite; what it is made of has names that begin with it."""
        return "" if self.prefix else unused(plain, self._taken)

    def _name(self, plain: str) -> str:
        self.stems.append(self.prefix or plain)
        if self.prefix:
            return unused(self.prefix, self._names)
        return unused(plain, self._taken)

    def _tied(self, layer: Any, graph: Graph, name: str) -> dict[str, tuple[int, str]]:
        """Whose the parameters of a layer are, where it was used before, or is tied to another."""
        found: dict[str, tuple[int, str]] = {}
        key = id(layer.origin or layer)
        owner = self._owners.get(key, -1)
        self._kept.append(layer)
        if owner < self._own_from:
            self._owners[key] = len(self.parts)
        else:
            found = {parameter: (owner, parameter) for parameter in graph.parameters}
        for parameter, (other, theirs) in layer.tied.items():
            found[parameter] = self._tie(layer, parameter, other, theirs)
        for parameter, (number, theirs) in found.items():
            if parameter not in graph.parameters:
                names = ", ".join(graph.parameters) or "none"
                raise OptionError(f"{name} has no parameter {parameter!r} to tie; it has {names}.\n  {users_line()}")
            mine, theirs_graph = graph.shape(parameter), self.parts[number].graph
            assert theirs_graph is not None
            if mine != theirs_graph.shape(theirs):
                raise ShapeError(
                    f"{name}.{parameter} has shape {mine} and would be {self.parts[number].name}.{theirs}, which has "
                    f"{theirs_graph.shape(theirs)}: one layer used twice needs inputs of one width.\n  {users_line()}"
                )
        return found

    def _tie(self, layer: Any, parameter: str, other: Any, theirs: str) -> tuple[int, str]:
        number = self._owners.get(id(other))
        graph = None if number is None else self.parts[number].graph
        if number is None or graph is None or theirs not in graph.parameters:
            raise OptionError(
                f"{layer.cell.name}'s {parameter} is tied to {theirs} of a layer that was not called before: "
                f"call that first, and name a parameter that it has.\n  {users_line()}"
            )
        return self.parts[number].tied.get(theirs, (number, theirs))


def _users_states(layer: Any, graph: Graph) -> list[Symbol]:
    """Those that the layer's own cell has: with a mask there may be one more, what its output was."""
    return graph.states[: len((layer.origin or layer).cell.states)]
